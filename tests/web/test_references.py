"""Reference numbers and deposits: found by any scrap, sorted, paged, and made once however often one clicks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from app.domain.reference import is_valid, with_check_digit
from app.queries import references
from app.queries.paging import Count
from tests.services.test_payer_credits import paid_twice
from tests.web.conftest import PERSONA
from tests.web.lists import more
from tests.web.page import Page

if TYPE_CHECKING:
    from tests.system import System
    from tests.web.browser import Browser, Portal

SCRIPT = "<script>alert(1)</script>"


def fill(system: System, count: int, *, owner: str = "Owner", first: int = 100_000) -> list[str]:
    """Make reference numbers by hand, one minute apart; returns the numbers, oldest first."""
    numbers = [with_check_digit(str(first + nth)) for nth in range(count)]
    for nth, number in enumerate(numbers):
        system.sql(
            """with made as (
                 insert into account (initiator_id, name) select id, :owner from initiator where code = 'registry'
                 returning id, initiator_id)
               insert into reference (number, initiator_id, account_id, owner, email, created_at)
               select :number, initiator_id, id, :owner, :email, now() - make_interval(mins => :ago) from made""",
            owner=f"{owner} {count - nth:03}",
            number=number,
            email=f"mail{nth}@example.test",
            ago=count - nth,
        )
    return numbers


def listed(html: str) -> list[str]:
    return re.findall(r'data-row href="/references/(\d+)"', html)


def everything(browser: Browser, path: str) -> list[str]:
    found: list[str] = []
    following: Any = path
    for _ in range(10):
        html = browser.get(following).text
        found += listed(html)
        following = more(html)
        if following is None:
            return found
    raise AssertionError("the pages never end")


def new(browser: Browser, **typed: str) -> dict[str, str]:
    """Return the fields of a fresh form with what somebody typed."""
    form = browser.page("/references/new")
    key = next(str(named["value"]) for _tag, named in form.elements if named.get("name") == "key")
    return {"key": key, "owner": "Põhjatäht OÜ", "email": "arved@example.test", "service": "registry"} | typed


@pytest.mark.slow
def test_every_order_shows_every_number_once(own_mary: Browser) -> None:
    numbers = fill(own_mary.portal.system, 120)
    newest = numbers[::-1]
    assert everything(own_mary, "/references") == newest
    assert everything(own_mary, "/references?sort=created") == numbers
    assert everything(own_mary, "/references?sort=owner") == newest
    assert everything(own_mary, "/references?sort=-owner") == numbers
    assert everything(own_mary, "/references?sort=number") == sorted(numbers)
    assert everything(own_mary, "/references?sort=-number") == sorted(numbers)[::-1]
    html = own_mary.get("/references?sort=-owner").text
    assert html.count("aria-sort") == 1
    assert 'aria-sort="descending"' in html


def test_a_number_is_found_by_its_beginning_owner_and_address_by_any_part(own_mary: Browser) -> None:
    numbers = fill(own_mary.portal.system, 20)
    other = fill(own_mary.portal.system, 1, owner="Linnutee OÜ", first=777_777)
    assert listed(own_mary.get("/references?q=7777").text) == other
    assert listed(own_mary.get("/references?q=nutee").text) == other
    assert listed(own_mary.get("/references?q=MAIL7@example").text) == [numbers[7]]
    assert listed(own_mary.get("/references?q=owner+mail7@").text) == [numbers[7]]
    assert len(listed(own_mary.get("/references?q=%25").text)) == 0
    assert len(listed(own_mary.get("/references?service=auction").text)) == 0


@pytest.mark.slow
def test_what_few_and_what_very_many_have_is_listed_alike(own_mary: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read once and put in order, or looked for along the order: the same numbers, each once, in every order."""
    newest = fill(own_mary.portal.system, 120)[::-1]
    fill(own_mary.portal.system, 20, owner="Linnutee OÜ", first=777_000)
    for many in (1000, 119):
        monkeypatch.setattr(references, "COMMON", many)
        for sort, expected in (("-created", newest), ("created", newest[::-1]), ("owner", newest)):
            assert everything(own_mary, f"/references?q=owner+example&sort={sort}") == expected, (many, sort)
        with own_mary.portal.system.app.app_context():
            found = references.search(references.ReferenceFilter(text="owner example")).count
        assert found == Count(min(many, 120), is_capped=many < 120)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1234567", "is not one of ours, and its check digit is wrong: 1234561 would be right."),
        ("1234561", "is not one of ours; its check digit is right."),
    ],
)
def test_of_a_number_that_is_not_ours_one_hears_whether_its_check_digit_is_right(
    mary: Browser, typed: str, words: str
) -> None:
    assert is_valid(typed) is ("wrong" not in words)
    assert words in mary.page(f"/references?q={typed}").text("strong")


def test_one_of_ours_needs_no_verdict(own_mary: Browser) -> None:
    number = fill(own_mary.portal.system, 1)[0]
    assert "not one of ours" not in own_mary.get(f"/references?q={number}").text


def test_a_page_tells_whose_it_is_what_is_owed_and_shows_every_invoice(own_mary: Browser) -> None:
    system = own_mary.portal.system
    number = fill(system, 1)[0]
    system.sql(
        """insert into invoice (public_token, number, initiator_id, status, subtotal_minor, total_minor,
                                reference_number, issued_at, created_at)
           select 't' || n, n, (select id from initiator where code = 'registry'),
                  case when n % 2 = 0 then 'unpaid' else 'cancelled' end, 100, 100, :number, now(),
                  now() - make_interval(mins => n) from generate_series(1, 70) n""",
        number=number,
    )
    html = own_mary.get(f"/references/{number}").text
    assert "35 invoices" in html
    assert "35.00" in html
    seen, following = [], f"/references/{number}"
    while following:
        page = own_mary.get(following).text
        seen += re.findall(r'data-row href="/invoices/(\d+)"', page)
        following = more(page) or ""
    assert [int(each) for each in seen] == list(range(1, 71))
    assert "70" in own_mary.page(f"/references/{number}").text("header")


def test_what_a_payer_owes_and_has_too_much_opens_exactly_its_rows(own_mary: Browser) -> None:
    system = own_mary.portal.system
    other = paid_twice(system, amount="11.00")  # somebody else's
    surplus, *_rest = paid_twice(system, amount="40.00")
    number = fill(system, 1)[0]
    system.sql("update surplus set account_id = (select account_id from reference where number = :n) where id = :id",
               n=number, id=surplus)  # fmt: skip
    for status, part in (("unpaid", 0), ("partially_paid", 3000), ("paid", 10000), ("overdue", 0)):
        invoice = system.invoice(amount="100.00")
        system.sql("alter table invoice disable trigger user")
        system.sql("update invoice set reference_number = :r, status = :s, captured_minor = :c where number = :n",
                   r=number, s=status, c=part, n=invoice)  # fmt: skip
        system.sql("alter table invoice enable trigger user")
    page = own_mary.page(f"/references/{number}")
    owed, over = f"/references/{number}?open=yes", f"/credits?reference={number}"
    assert {f"{owed}#invoices", over} <= set(page.links())
    assert "270.00 €, 3 invoices" in page.text("dd")
    narrowed = own_mary.page(owed)
    assert "Unpaid invoices 3 All invoices" in narrowed.text("header")
    assert "Unpaid invoices with this reference number" in narrowed.text("caption")
    amounts = re.findall(r"data-owed>(.*?)</td>", own_mary.get(owed).text)
    assert sum(minor_of(each) for each in amounts) == 27000
    assert len(amounts) == 3
    listed_credits = own_mary.get(over).text
    assert f"/credits/{surplus}" in listed_credits
    assert f"/credits/{other[0]}" not in listed_credits
    assert f"/credits/{other[0]}" in own_mary.get("/credits").text
    assert "Not understood" in own_mary.get("/credits?reference=nobodys").text


def minor_of(cell: str) -> int:
    return int(re.sub(r"\D", "", re.sub(r"<.*?>", "", cell)))


def test_a_new_number_is_made_once_however_often_the_form_is_sent(own_mary: Browser) -> None:
    system = own_mary.portal.system
    form = new(own_mary)
    first, second = own_mary.post("/references", form), own_mary.post("/references", form)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    number = str(first.location).rpartition("/")[2]
    assert is_valid(number)
    assert system.scalar("select count(*) from reference") == 1
    page = own_mary.page(str(first.location))
    assert "Põhjatäht OÜ" in page.text("dd")
    told = system.rows("select actor_kind, data from event where kind = 'reference.created'")
    assert told == [("operator", {"number": number, "service": "registry"})]


def test_a_key_used_for_another_payer_begins_a_new_form(own_mary: Browser) -> None:
    form = new(own_mary)
    own_mary.post("/references", form)
    answer = own_mary.post("/references", form | {"owner": "Somebody else"})
    assert answer.status_code == 422
    assert "This form has made a number already" in answer.text
    assert own_mary.portal.system.scalar("select count(*) from reference") == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"owner": ""}, "Owner: a name"),
        ({"owner": "x" * 201}, "Owner: a name"),
        ({"owner": "a\x00b"}, "Owner: a name"),
        ({"email": "nobody"}, "E-mail: one address"),
        ({"email": "a@b.ee,c@d.ee"}, "E-mail: one address"),
        ({"service": "nobody"}, "Choose the service"),
        ({"service": ""}, "Choose the service"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    mary: Browser, typed: dict[str, str], words: str
) -> None:
    answer = mary.post("/references", new(mary, **typed))
    assert answer.status_code == 422
    assert words in Page(answer.text).text("li")
    assert mary.portal.system.scalar("select count(*) from reference where owner is not null") == 0


def test_names_are_text(own_mary: Browser) -> None:
    form = new(own_mary, owner=SCRIPT)
    address = str(own_mary.post("/references", form).location)
    for path in (address, "/references", f"/references?q={SCRIPT}"):
        html = own_mary.get(path).text
        assert SCRIPT not in html
        assert "&lt;script&gt;" in html


def test_who_only_looks_makes_no_numbers(portal: Portal, mary: Browser) -> None:
    portal.system.sql("update white_code set role = 'viewer' where subject = :subject", subject=PERSONA)
    try:
        assert "New reference number" not in mary.page("/references").text("a")
        assert mary.get("/references/new").status_code == 403
        assert mary.post("/references", {"owner": "x", "service": "registry"}).status_code == 403
    finally:
        portal.system.sql("update white_code set role = 'tenant_admin' where subject = :subject", subject=PERSONA)


@pytest.mark.parametrize("path", ["/references/1", "/references/none", "/references/%00", "/deposits/1"])
def test_what_nobody_has_is_not_found(mary: Browser, path: str) -> None:
    assert mary.get(path).status_code == 404


@pytest.mark.parametrize("after", ["x", "W10", "WyJ4IiwxXQ", "WyIyMDI2IiwiMSJd", "9" * 5000, "WyJcdTAwMDAiLDFd"])
@pytest.mark.parametrize("sort", ["", "owner", "-number", "nonsense"])
def test_a_made_up_cursor_starts_at_the_top(mary: Browser, after: str, sort: str) -> None:
    assert mary.client.get("/references", query_string={"after": after, "sort": sort}).status_code == 200


def deposit(system: System, domain: str, user: str) -> int:
    """Let the auction ask for a deposit; return the number of its invoice."""
    answer = system.call(
        "auction",
        "/invoice_generator/deposit_prepayment",
        {
            "transaction_amount": "500.00",
            "customer_url": "http://auction.test/back",
            "description": f"auction_deposit {domain}, user_uuid {user}, user_email {user}@example.test",
            "custom_field2": "auction",
        },
    )
    assert answer.status_code == 201, answer.text
    return int(system.scalar("select max(i.number) from deposit d join invoice i on i.id = d.invoice_id"))


def test_deposits_are_found_filtered_and_lead_to_their_invoices(own_mary: Browser) -> None:
    system = own_mary.portal.system
    paid = deposit(system, "kirjatuvi.ee", "mari")
    waiting = deposit(system, "meretuul.ee", "jyri")
    reference = system.scalar(
        "select p.external_id from payment p join invoice i on i.id = p.invoice_id where i.number = :n", n=paid
    )
    system.pay(reference)
    system.callback(reference)
    system.drain()

    def domains(query: str) -> list[str]:
        return re.findall(r'data-row href="/deposits/\d+">([^<]+)<', own_mary.get(f"/deposits?{query}").text)

    assert domains("") == ["meretuul.ee", "kirjatuvi.ee"]
    assert (
        domains("q=tuvi") == domains("q=MARI@") == domains("status=paid") == domains("money=paid") == ["kirjatuvi.ee"]
    )
    assert domains("status=prepayment") == ["meretuul.ee"]
    assert domains("q=%25") == []
    assert f"/invoices/{waiting}" in own_mary.page("/deposits").links()
    address = next(link for link in own_mary.page("/deposits?status=paid").links() if re.match(r"/deposits/\d+$", link))
    page = own_mary.page(address)
    assert f"/invoices/{paid}" in page.links()
    assert "500.00" in page.text("dd")
    assert "Deposited" in page.text("h1")


def test_an_empty_list_of_deposits_says_how_it_fills(mary: Browser) -> None:
    assert "No deposits yet" in mary.page("/deposits").text("h2")
    assert "No deposit matches" in mary.page("/deposits?q=zzz").text("h2")
