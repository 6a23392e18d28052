"""The first page and the month: every figure opens exactly its rows, and both agree with the books."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from app.extensions import db
from app.queries import overview
from tests.web.lists import fill, more
from tests.web.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Databases
    from tests.web.browser import Browser, Portal

NBSP = "\N{NO-BREAK SPACE}"
EURO = re.compile(r"(\N{MINUS SIGN}?[\d\N{NO-BREAK SPACE}]+\.\d\d)\N{NO-BREAK SPACE}€")
HOLDERS = """
select coalesce(sum(e.amount_minor), 0) from ledger_entry e join ledger_account a on a.id = e.account_id
 where a.code like 'clearing:%' or a.code like 'outside:%'
"""
RECEIVABLES = """
select coalesce(sum(e.amount_minor), 0) from ledger_entry e join ledger_account a on a.id = e.account_id
 where a.code like 'receivables:%'
"""


@pytest.fixture(scope="module")
def shared_portal(databases: Databases, redis_url: str) -> Iterator[Portal]:
    """Return a portal with a month of business: paid, refunded in part, taken back, reported, overdue, twice paid."""
    from tests.web.conftest import _running  # noqa: PLC0415

    with databases.clone() as url, _running(url, redis_url) as running:
        _do_business(running)
        yield running


def _do_business(portal: Portal) -> None:
    system = portal.system
    for amount, code in (("120.00", "registry"), ("36.50", "auction"), ("99.99", "registry")):
        system.settle(code, amount)
    refunded, _reference = system.settle("registry", "80.00")
    lost, _reference = system.settle("eeid", "12.00")
    for number, state, standing in ((refunded, "refunded", "30.00"), (lost, "chargebacked", "0.00")):
        reference = system.scalar(
            "select p.external_id from payment p join invoice i on i.id = p.invoice_id where i.number = :n", n=number
        )
        system.pay(reference, state, standing=standing)
        system.callback(reference)
        system.drain()
    reported = system.invoice("auction", "55.00")
    system.call("auction", "/invoice_generator/invoice_status", {"invoice_number": reported, "status": "paid"})
    members = [system.invoice("auction", "10.00"), system.invoice("auction", "20.00")]
    system.bulk(members)
    for amount in ("240.00", "60.00"):
        system.invoice("registry", amount)
    late = system.invoice("registry", "500.00")
    system.call("registry", "/invoice_generator/invoice_status", {"invoice_number": late, "status": "overdue"})
    system.sql(
        "update invoice set customer_name = 'Payer ' || number || ' <script>alert(1)</script>' where number % 2 = 1"
    )
    system.sql("update invoice set created_at = now() - interval '40 days' where number = :n", n=late)


def rows(browser: Browser, address: str) -> list[str]:
    """Return the text of every row a link leads to, page after page."""
    found: list[str] = []
    following: str | None = address
    while following:
        html = browser.get(following).text
        found += [each for each in re.findall(r"<tr>.*?</tr>", html, re.DOTALL) if 'scope="row"' in each]
        following = more(html)
    return found


def euros(text: str) -> list[int]:
    """Return all amounts of a text in cents."""
    return [int(re.sub(r"\D", "", each)) * (-1 if "\N{MINUS SIGN}" in each else 1) for each in EURO.findall(text)]


def figure(browser: Browser, path: str, label: str) -> tuple[str, str]:
    """Return what a figure says, and the address it leads to."""
    html = browser.get(path).text
    part = next(
        each
        for each in re.findall(r"<li>\s*<span class=\"quiet small\".*?</li>", html, re.DOTALL)
        if f">{label}<" in each
    )
    link = next(link for link in Page(part).links())
    return " ".join(re.sub(r"<[^>]+>", " ", part).split(" ")), link


def moved(found: list[str]) -> int:
    return sum(euros(row)[-1] for row in found)


def test_what_came_this_month_opens_exactly_these_payments(mary: Browser, portal: Portal) -> None:
    text, link = figure(mary, "/overview", "In this month")
    found = rows(mary, link)
    assert f"{len(found)} payments" in text
    assert euros(text) == [moved(found)]
    assert len(found) == portal.system.scalar("select count(*) from payment where completed_at is not null")


def test_what_is_unpaid_opens_exactly_these_invoices_and_is_what_the_books_have(mary: Browser, portal: Portal) -> None:
    text, link = figure(mary, "/overview", "Unpaid")
    assert euros(text) == [portal.system.scalar(RECEIVABLES)]
    assert "5 invoices, 1 overdue" in " ".join(text.split()).replace(" ,", ",")
    assert parse_qs(urlsplit(link).query)["kind"] == ["regular", "auction_deposit", "linkpay"]


def test_every_age_opens_exactly_its_invoices(mary: Browser) -> None:
    html = mary.get("/overview").text
    levels = re.search(r'<ul class="levels".*?</ul>', html, re.DOTALL)
    assert levels
    table = re.search(r"Unpaid and overdue by age.*?</table>", html, re.DOTALL)
    assert table
    cells = re.findall(r'<a href="(/invoices[^"]+)">([^<]+)</a>', table[0])
    seen = 0
    for link, said in cells:
        found = rows(mary, link.replace("&amp;", "&"))
        # What is open of these is their whole amount: nobody has paid a part.
        assert euros(said) == [sum(euros(row)[-1] for row in found)], link
        seen += len(found)
    assert seen == 5 * 2
    assert len(rows(mary, figure(mary, "/overview", "Unpaid")[1])) == 5


def test_each_day_and_each_gateway_of_it_opens_its_payments(mary: Browser) -> None:
    html = mary.get("/overview").text
    table = re.search(r"Money in by day and gateway.*?</table>", html, re.DOTALL)
    assert table
    cells = re.findall(r'<a href="(/overview/movements[^"]+)">([^<]+)</a>', table[0])
    assert cells
    seen = 0
    for link, said in cells:
        found = rows(mary, link.replace("&amp;", "&"))
        assert euros(said) == [moved(found)], link
        seen += len(found)
    assert seen == 2 * 6  # once in its gateway's column, once in the day's


def test_the_bars_are_as_high_as_their_shares(mary: Browser) -> None:
    html = mary.get("/overview").text
    bars = re.search(r'<ol class="bars".*?</ol>', html, re.DOTALL)
    assert bars
    assert bars[0].count("<li>") == 14
    assert re.findall(r'<svg height="(\d+)%"', bars[0])[-1] == "100"
    today = bars[0].split("<li>")[-1]
    assert sum(int(each) for each in re.findall(r'<rect[^>]* height="(\d+)%"', today)) == 100


def test_the_month_says_what_came_what_went_and_what_stayed_as_the_books_do(mary: Browser, portal: Portal) -> None:
    for label in ("Came in", "Given back", "Stayed"):
        text, link = figure(mary, "/overview/month", label)
        assert [abs(each) for each in euros(text)] == [abs(moved(rows(mary, link)))]
    assert euros(figure(mary, "/overview/month", "Stayed")[0]) == [portal.system.scalar(HOLDERS)]
    assert euros(figure(mary, "/overview/month", "Given back")[0]) == [6200]


def test_every_figure_of_the_tables_of_a_month_opens_its_rows(mary: Browser) -> None:
    html = mary.get("/overview/month").text + mary.get("/overview/payers").text
    followed = 0
    for link, said in re.findall(r'<a href="(/overview/movements[^"]+)">(?:<span class="money">)?([^<]+)<', html):
        found = rows(mary, link.replace("&amp;", "&"))
        if "€" in said:
            assert [abs(each) for each in euros(said)] == [abs(moved(found))], link
        elif said.strip().isdigit():
            assert int(said) == len(found), link
        followed += 1
    assert followed > 20


def test_money_of_the_last_second_before_midnight_in_tallinn_counts_to_that_day(own_mary: Browser) -> None:
    system = own_mary.portal.system
    system.settle()
    system.sql("update payment set completed_at = '2026-10-31 23:59:59.5+02'")
    assert "120.00" in figure(own_mary, "/overview/month?month=2026-10", "Came in")[0]
    assert "1 payment" in own_mary.get("/overview/movements?from=2026-10-31&to=2026-10-31").text
    assert "0 payments" in own_mary.get("/overview/movements?from=2026-11-01&to=2026-11-01").text
    system.sql("update payment set completed_at = '2026-11-01 00:00:00+02'")
    assert "120.00" not in figure(own_mary, "/overview/month?month=2026-10", "Came in")[0]


def test_what_came_of_a_long_list_is_paged_without_gap_or_repeat(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 120)
    system.sql(
        """insert into payment (public_token, invoice_id, initiator_id, method, gateway, account, status, amount_minor,
                                captured_minor, completed_at, external_id)
           select 'paid-' || number, id, initiator_id, 'reported', 'service', 'registry', 'completed', 100, 100,
                  now(), 'x' || number from invoice"""
    )
    found = rows(own_mary, "/overview/movements")
    numbers = re.findall(r"/invoices/(\d+)", " ".join(found))
    assert len(numbers) == len({*numbers}) == 120


@pytest.mark.parametrize(
    "query",
    [
        {"from": "x", "to": "2026-99-99", "gateway": "'", "service": "%00", "direction": "up", "after": "?"},
        {"from": "0001-01-01", "to": "9999-12-31"},
        {"from": "9999-12-31"},
        {"payer": "<script>alert(1)</script>\0" * 40},
        {"payer": ""},
        {"month": "9999-13"},
        {"month": "2099-12"},
        {"month": "<b>"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/overview", "/overview/month", "/overview/payers", "/overview/movements", "/overview/month.csv"]
)
def test_made_up_addresses_never_break_and_nothing_runs(mary: Browser, path: str, query: dict[str, str]) -> None:
    answer = mary.client.get(path, query_string=query)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv" or "<script>alert" not in answer.text


def test_names_of_payers_are_text(mary: Browser) -> None:
    for path in ("/overview", "/overview/payers", "/overview/movements"):
        text = mary.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("lang", ["et", "ru"])
def test_the_pages_speak_other_languages(mary: Browser, lang: str) -> None:
    assert mary.page(f"/overview?lang={lang}").text("h1") != "Today"
    assert mary.page(f"/overview/month?month=2026-10&lang={lang}").text("h1") in {"Oktoober 2026", "Октябрь 2026"}
    mary.get("/overview?lang=en")


def test_an_empty_system_says_so(own_mary: Browser) -> None:
    page = own_mary.page("/overview")
    assert "everything delivered" in page.text("p")
    assert "Nothing waits for a person." in page.text("p")
    assert "No invoices yet" in page.text("p")


def test_stuck_deliveries_are_said_first(own_mary: Browser) -> None:
    system = own_mary.portal.system
    system.settle()
    system.sql("update outbox set state = 'dead', done_at = null where kind = 'initiator.payment.notify'")
    page = own_mary.page("/overview")
    assert "1 delivery is stuck" in page.text("p")
    assert "Given up after all tries" in page.text("span")


def test_the_end_of_a_range_is_foretold(own_mary: Browser) -> None:
    system = own_mary.portal.system
    for _ in range(3):
        system.number()
    system.sql("update number_range set last_number = next_number + 61 where kind = 'invoice' and active")
    assert "Invoice numbers end in 20 days" in own_mary.page("/overview").text("span")  # three went in a day
    system.sql("update number_range set last_number = next_number - 1 where kind = 'invoice' and active")
    assert "Invoice numbers are used up" in own_mary.page("/overview").text("span")


@pytest.mark.slow
def test_what_is_owed_is_read_from_an_index_of_the_open_ones(own_portal: Portal) -> None:
    fill(own_portal.system, 5000, status="paid")
    own_portal.system.sql("analyze invoice")
    with own_portal.system.app.app_context():
        asked = {"since": [], "until": [], "today": date(2026, 1, 1)}
        plan = db.session.execute(text(f"explain {overview.OPEN}"), asked).all()
    assert any("ix_invoice_open" in row[0] for row in plan)


def test_what_is_stuck_or_tried_again_opens_exactly_these_messages(own_mary: Browser) -> None:
    system = own_mary.portal.system
    for _ in range(6):
        system.settle()
    notices = "select id, row_number() over (order by id) n from outbox where kind = 'initiator.payment.notify'"
    for state, first, last in (("dead", 1, 1), ("held", 2, 3), ("pending", 4, 6)):
        system.sql(
            f"""update outbox set state = :state, done_at = null, last_error_class = 'retry', attempts = 3,
                       run_at = now() + interval '1 hour'
                 where id in (select id from ({notices}) each where n between :first and :last)""",
            state=state,
            first=first,
            last=last,
        )
    html = own_mary.get("/overview").text
    for words, number in (("Given up after", 1), ("Nobody knows", 2), ("will be tried again", 3)):
        task = next(each for each in re.findall(r"<li>.*?</li>", html, re.DOTALL) if words in each)
        assert f'<span class="num">{number}</span>' in task
        rows_of = own_mary.get(Page(task).links()[0]).text
        assert len(set(re.findall(r'href="/deliveries/(\d+)"', rows_of))) == number


def test_the_headline_says_when_the_books_were_proven_and_shouts_when_they_do_not_hold(own_mary: Browser) -> None:
    system = own_mary.portal.system
    system.settle()
    system.sql("insert into proof_run (asked_by, finished_at) values ('command', now())")
    assert "books proven at" in own_mary.page("/overview").text("p")
    system.sql("insert into proof_result (run_id, name, sentence, state) select id, 'I1', 's', 'broken' from proof_run")
    page = own_mary.page("/overview")
    assert "the books do not hold" in page.text("p")
    assert "Checks that do not hold" in page.text("span")
    html = own_mary.get("/overview").text
    assert '<a href="/proofs">the books do not hold</a>' in html
    assert '<a href="/deliveries">everything delivered</a>' in html


def test_a_failing_webhook_and_the_last_proof_are_lines_that_lead_to_their_rows(portal: Portal, mary: Browser) -> None:
    system = portal.system
    system.sql("insert into lane (name, queue, failures) values ('webhook:we_x', 'notify', 3)")
    system.sql(
        "insert into webhook_endpoint (token, initiator_id, lane_id, url, types, description, secret_sealed)"
        " select 'we_x', i.id, l.id, 'https://hooks.example/x?token=1', '{}', '', 's' from initiator i, lane l"
        " where i.code = 'auction' and l.name = 'webhook:we_x'"
    )
    system.sql("insert into proof_run (asked_by, finished_at) values ('system', now())")
    page = mary.page("/overview")
    lane = system.scalar("select id from lane where name = 'webhook:we_x'")
    assert "auction webhook, hooks.example answers with faults" in page.text("main")
    assert f"/deliveries?lane={lane}&state=pending" in page.links()
    assert "Everything holds, checked" in page.text("main")
    assert "token=1" not in page.text("main")
