"""Giving money back from the portal: the form says before what will happen, and what is sent twice is done once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.desks import SCRIPT, ask, payment_of, refund_id, value
from tests.web.lists import index
from tests.web.page import Page

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal


@pytest.fixture
def paid(portal: Portal) -> int:
    return portal.system.settle()[0]


def count(portal: Portal, number: int) -> int:
    question = "select count(*) from refund r join invoice i on i.id = r.invoice_id where i.number = :n"
    return int(portal.system.scalar(question, n=number))


def test_a_refund_goes_from_the_form_to_the_gateway_and_tells_its_story(
    portal: Portal, mary: Browser, paid: int
) -> None:
    form = mary.page(f"/invoices/{paid}/refunds/new")
    assert "120.00" in form.text("table")
    assert "Above 500.00" in form.text("p")
    asked = refund_id(ask(mary, paid, "20,50", reason="paid for the wrong domain"))
    assert "about to leave" in mary.page(f"/refunds/{asked}").text("strong")
    portal.system.drain()
    page = mary.page(f"/refunds/{asked}")
    assert "20.50 € went back" in page.text("strong")
    assert "paid for the wrong domain" in page.text("ol")
    assert f"/invoices/{paid}" in page.links()
    listed = mary.page("/refunds?status=succeeded&least=20.5&most=20.50")
    assert f"/refunds/{asked}" in listed.links()
    assert f"/refunds/{asked}" not in mary.page("/refunds?least=20.51&status=succeeded").links()
    assert "99.50" in mary.page(f"/invoices/{paid}/refunds/new").text("table")


@pytest.mark.parametrize(("code", "word"), [("auction", "is told once all"), ("registry", "is told nothing")])
def test_the_form_says_truly_whether_the_service_is_told(portal: Portal, mary: Browser, code: str, word: str) -> None:
    number, _reference = portal.system.settle(code)
    assert word in mary.page(f"/invoices/{number}/refunds/new").text("p")
    refund_id(ask(mary, number, "120.00"))
    portal.system.drain()
    told = "select count(*) from outbox o join invoice i on i.id = o.invoice_id where o.kind = :kind and i.number = :n"
    assert portal.system.status(number) == "refunded"
    assert bool(portal.system.scalar(told, kind="initiator.invoice.synchronise", n=number)) == (code == "auction")


def test_the_same_form_sent_again_leads_to_the_same_refund(portal: Portal, mary: Browser, paid: int) -> None:
    shown = mary.get(f"/invoices/{paid}/refunds/new").text
    sent = {
        "key": value(shown, "key"),
        "payment": value(shown, "payment"),
        "amount": "120.00",
        "reason": "double click",
    }
    first, again = (mary.post(f"/invoices/{paid}/refunds", sent) for _ in range(2))
    assert first.location == again.location
    assert "sent already" in mary.get(again.location).text
    assert count(portal, paid) == 1


def test_a_form_found_again_by_the_back_button_does_not_change_what_was_asked(
    portal: Portal, mary: Browser, paid: int
) -> None:
    shown = mary.get(f"/invoices/{paid}/refunds/new").text
    sent = {"key": value(shown, "key"), "payment": value(shown, "payment"), "amount": "10", "reason": "the first"}
    mary.post(f"/invoices/{paid}/refunds", sent)
    again = mary.post(f"/invoices/{paid}/refunds", sent | {"amount": "15"})
    assert again.status_code == 409
    assert "sent before with another amount" in Page(again.text).text("li")
    assert value(again.text, "key") != sent["key"]
    assert count(portal, paid) == 1


def test_of_two_tabs_the_second_learns_that_the_first_was_faster(portal: Portal, mary: Browser, paid: int) -> None:
    tabs = [mary.get(f"/invoices/{paid}/refunds/new").text for _ in range(2)]
    answers = [
        mary.post(
            f"/invoices/{paid}/refunds",
            {"key": value(tab, "key"), "payment": value(tab, "payment"), "amount": "80", "reason": "two tabs"},
        )
        for tab in tabs
    ]
    assert [each.status_code for each in answers] == [303, 422]
    assert "At most 40.00" in answers[1].text
    assert count(portal, paid) == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "120.01"}, "amount"),
        ({"amount": "١٢"}, "amount"),
        ({"amount": "9" * 500}, "amount"),
        ({"payment": "0"}, "payment"),
        ({"payment": "x"}, "payment"),
        ({"payment": "9" * 30}, "payment"),
        ({"reason": " \x00 "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"key": "../../etc"}, "key"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    portal: Portal, mary: Browser, paid: int, more: dict[str, str], field: str
) -> None:
    answer = ask(mary, paid, "10", **more)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text or field in answer.text
    assert count(portal, paid) == 0


def test_a_script_in_a_reason_is_text_everywhere(portal: Portal, mary: Browser, paid: int) -> None:
    asked = refund_id(ask(mary, paid, "1", reason=f"{SCRIPT}\x00"))
    for page in (f"/refunds/{asked}", "/refunds", f"/refunds/{asked}/withdrawals/new", f"/invoices/{paid}/refunds/new"):
        assert SCRIPT not in mary.get(page).text


def test_bank_link_money_is_not_offered_and_the_form_says_what_to_do(portal: Portal, mary: Browser, paid: int) -> None:
    portal.system.sql(
        "update payment set gateway_method = 'lhv_ob_ee' where id = :p", p=payment_of(portal.system, paid)
    )
    page = mary.page(f"/invoices/{paid}/refunds/new")
    assert "bank transfer" in page.text("span")
    assert not any(named.get("name") == "amount" for _tag, named in page.elements)
    assert ask_blind(mary, paid, payment_of(portal.system, paid)) == 422


def ask_blind(browser: Browser, number: int, payment: int) -> int:
    sent = {"key": "k" * 20, "payment": str(payment), "amount": "1", "reason": "not offered"}
    return browser.post(f"/invoices/{number}/refunds", sent).status_code


def test_a_refund_that_has_not_left_is_withdrawn_with_a_reason(portal: Portal, mary: Browser, paid: int) -> None:
    asked = refund_id(ask(mary, paid, "120"))
    assert mary.post(f"/refunds/{asked}/withdrawals", {"reason": ""}).status_code == 422
    assert mary.post(f"/refunds/{asked}/withdrawals", {"reason": "the payer changed her mind"}).status_code == 303
    page = mary.page(f"/refunds/{asked}")
    assert "nothing left" in page.text("strong")
    assert "changed her mind" in page.text("ol")
    portal.system.drain()
    assert portal.system.status(paid) == "paid"
    mary.post(f"/refunds/{asked}/withdrawals", {"reason": "once more"})
    told = "select count(*) from event where kind = 'refund.cancelled' and (data->>'refund')::bigint = :i"
    assert portal.system.scalar(told, i=asked) == 1


def test_a_refund_that_has_left_cannot_be_withdrawn(portal: Portal, mary: Browser, paid: int) -> None:
    asked = refund_id(ask(mary, paid, "120"))
    portal.system.drain()
    mary.post(f"/refunds/{asked}/withdrawals", {"reason": "too late"})
    assert "could not be withdrawn" in mary.get(f"/refunds/{asked}").text


def test_the_list_is_filtered_by_days_and_what_is_no_filter_is_none(portal: Portal, mary: Browser, paid: int) -> None:
    asked = refund_id(ask(mary, paid, "3"))
    portal.system.sql("update refund set created_at = '2026-03-04 22:30Z' where id = :i", i=asked)
    assert f"/refunds/{asked}" in mary.page("/refunds?since=2026-03-05&until=2026-03-05").links()
    assert f"/refunds/{asked}" not in mary.page("/refunds?since=2026-03-04&until=2026-03-04").links()
    rows = mary.client.get("/refunds?since=2026-03-05&most=90.00", headers={"HX-Request": "true"}).text
    for chip, words in (("chip-created_from", "Asked for: 2026-03-05 – …"), ("chip-amount_min", "Amount: … – 90.00")):
        assert f'<span id="{chip}" class="on" hx-swap-oob="true">{words}</span>' in rows
    for odd in ("since=20260304", "since=9999-12-31", "least=x", "status=none", "after=AAAA", "until=%00"):
        assert mary.get(f"/refunds?{odd}").status_code == 200
    assert "<html" not in mary.fragment("/refunds?service=registry").text


@pytest.fixture
def asked(portal: Portal, mary: Browser) -> dict[str, int]:
    """Return three refunds by who gets them: of two services, of 7, 12 and 120 euros."""
    found = {}
    portal.system.sql("update invoice set customer_name = '' where customer_name ~ 'Kask|Tamm'")
    for code, name, amount in (
        ("registry", "Kask Metsad OÜ", "7"), ("auction", "Kask Pargid OÜ", "12"), ("registry", "Tamm AS", "120")
    ):  # fmt: skip
        number, _reference = portal.system.settle(code)
        portal.system.sql("update invoice set customer_name = :name where number = :n", name=name, n=number)
        found[name] = refund_id(ask(mary, number, amount))
        found[f"invoice of {name}"] = number
    index(portal.system)
    return found


def shown(mary: Browser, path: str, asked: dict[str, int]) -> set[str]:
    links = mary.page(path).links()
    return {name for name, key in asked.items() if f"/refunds/{key}" in links}


@pytest.mark.parametrize("is_common", [True, False])
def test_a_refund_is_found_by_number_payer_amount_and_payer_with_amount(
    mary: Browser, asked: dict[str, int], monkeypatch: pytest.MonkeyPatch, *, is_common: bool
) -> None:
    monkeypatch.setattr("app.queries.refunds.are_common", lambda _words: is_common)
    metsad, pargid, tamm = "Kask Metsad OÜ", "Kask Pargid OÜ", "Tamm AS"
    number = asked[f"invoice of {metsad}"]
    for typed, found in (
        (str(number), {metsad}), (str(asked[tamm]), {tamm}), ("kask", {metsad, pargid}), ("metsad kask", {metsad}),
        ("7,00", {metsad}), ("12.00 €", {pargid}), ("kask 12", {pargid}), ("kask 12,00", {pargid}),
        ("kask 120,00", set()), ("120,00 tamm", {tamm}), ("nobody", set()),
    ):  # fmt: skip
        here = shown(mary, f"/refunds?q={typed}", asked)
        assert (here & found == found) if typed == str(asked[tamm]) else here == found, typed


def test_refunds_are_narrowed_by_gateway_and_by_the_names_of_the_other_list(
    mary: Browser, asked: dict[str, int]
) -> None:
    assert len(shown(mary, "/refunds?gateway=everypay&q=oü", asked)) == 2
    assert "Not understood: Gateway" in mary.get("/refunds?gateway=nobody").text
    kept = shown(mary, "/refunds?least=12&most=120&since=2020-01-01&until=2999-01-01", asked)
    today = "/refunds?amount_min=12&amount_max=120&created_from=2020-01-01&created_to=2999-01-01"
    assert kept == shown(mary, today, asked) == {"Kask Pargid OÜ", "Tamm AS"}
    assert shown(mary, "/refunds?service=auction,eeid&status=succeeded,failed&q=kask", asked) == {"Kask Pargid OÜ"}
    assert "No refund matches" in mary.get("/refunds?q=nobody").text


def test_what_is_shown_is_added_up_unless_it_is_too_much(
    mary: Browser, asked: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "2 refunds match, 19.00 € in all" in mary.page("/refunds?q=kask&lang=en").text("p")
    monkeypatch.setattr("app.queries.refunds.COUNTED", 1)
    assert "1+ refund matches" in mary.page("/refunds?q=kask").text("p")
    assert "in all" not in mary.page("/refunds?q=kask").text("p")


def test_exactly_what_is_shown_is_written_page_by_page_and_who_took_it_is_kept(
    portal: Portal, mary: Browser, asked: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.refund_exports.PART_ROWS", 1)
    portal.system.sql("update refund set reason = '=1+1' where id = :i", i=asked["Kask Metsad OÜ"])
    page = mary.get("/refunds?q=kask&status=succeeded&lang=en").text
    assert 'name="q" value="kask"' in page.partition('action="/refunds/exports"')[2].partition("</form>")[0]
    answer = mary.post("/refunds/exports", {"q": "kask", "status": "succeeded"})
    head, *rows = answer.get_data().decode("utf-8-sig").splitlines()
    assert head.startswith("Refund;Invoice;Service;Gateway;Status;Payer;")
    numbers = [asked["invoice of Kask Pargid OÜ"], asked["invoice of Kask Metsad OÜ"]]
    assert [int(row.split(";")[1]) for row in rows] == numbers
    assert "Given back;Kask Pargid OÜ;" in rows[0]
    assert ";EUR;12,00;" in rows[0]
    assert "'=1+1" in rows[1]
    kept = portal.system.scalar("select data from event where kind = 'refunds.exported' order by id desc limit 1")
    assert kept == {"filter": {"q": "kask", "status": "succeeded"}, "format": "csv"}
    assert mary.post("/refunds/exports", {"q": "kask", "status": "evil"}).status_code == 422


def test_more_than_a_page_goes_on_by_key(portal: Portal, mary: Browser, paid: int) -> None:
    portal.system.sql(
        """insert into refund (payment_id, invoice_id, amount_minor, status, reason, idempotency_key, requested_by)
           select id, invoice_id, 1, 'failed', 'many', 'many:' || n, 'system'
             from payment, generate_series(1, 60) n where id = :p""",
        p=payment_of(portal.system, paid),
    )
    first = mary.page("/refunds?status=failed")
    more = next(link for link in first.links() if "after=" in link and "lang" not in link)
    assert "60 refunds match" in first.text("p")
    rest = mary.fragment(more).text
    assert rest.count("data-row ") == 10


def test_what_is_not_there_is_not_found(mary: Browser) -> None:
    for page in ("/refunds/999999", "/invoices/999999/refunds/new", "/refunds/999999/withdrawals/new"):
        assert mary.get(page).status_code == 404
    assert mary.post("/invoices/999999/refunds").status_code == 404


def test_an_unpaid_invoice_has_nothing_to_give_back(portal: Portal, mary: Browser) -> None:
    number = portal.system.invoice()
    assert "No money has come for it." in mary.page(f"/invoices/{number}/refunds/new").text("span")
