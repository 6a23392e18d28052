"""The list of invoices: found by prefix, filtered, page by page, and never broken by what somebody types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.queries import invoice_search, invoices
from tests.web.desks import second
from tests.web.lists import fill, more, numbers

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal


def test_an_empty_list_says_how_it_fills(mary: Browser) -> None:
    page = mary.page("/invoices")
    assert "No invoices yet" in page.text("h2")
    assert "Nothing is unpaid" in page.text("a")


def test_pages_follow_each_other_without_gap_or_repeat(own_mary: Browser) -> None:
    fill(own_mary.portal.system, 120)
    seen: list[int] = []
    path: str | None = "/invoices"
    sizes = []
    while path:
        html = own_mary.get(path).text
        seen += numbers(html)
        sizes.append(len(numbers(html)))
        path = more(html)
    assert sizes == [50, 50, 20]
    assert seen == list(range(150_124, 150_004, -1))


def test_a_page_stays_the_same_while_new_invoices_come(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 60)
    following = more(own_mary.get("/invoices").text)
    system.sql("update invoice set created_at = now() where number = 150005")
    fill(system, 5, first=150_065)
    assert numbers(own_mary.get(str(following)).text) == list(range(150_014, 150_005, -1))


def test_invoices_of_the_same_moment_are_all_shown(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 70)
    system.sql("update invoice set created_at = '2026-11-21 10:00:00+00'")
    first = own_mary.get("/invoices").text
    second = own_mary.get(str(more(first))).text
    assert len({*numbers(first), *numbers(second)}) == 70


def test_the_next_rows_come_alone_for_htmx(own_mary: Browser) -> None:
    fill(own_mary.portal.system, 60)
    following = str(more(own_mary.get("/invoices").text))
    answer = own_mary.fragment(following)
    assert answer.text.lstrip().startswith("<tr>")
    assert "<table" not in answer.text
    assert len(numbers(answer.text)) == 10
    assert answer.text.count("autofocus") == 1
    assert "HX-Push-Url" not in answer.headers


def test_filters_narrow_down_and_can_be_combined(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 3)
    fill(system, 2, first=160_000, status="overdue")
    fill(system, 4, first=170_000, status="overdue", code="auction")
    assert len(numbers(own_mary.get("/invoices?status=overdue").text)) == 6
    assert len(numbers(own_mary.get("/invoices?status=overdue&status=unpaid").text)) == 9
    assert len(numbers(own_mary.get("/invoices?status=overdue&service=registry").text)) == 2
    assert len(numbers(own_mary.get("/invoices?q=17&service=auction").text)) == 4
    assert len(numbers(own_mary.get("/invoices?status=nonsense&service=nobody").text)) == 9


def test_the_count_opens_what_it_counts(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 3)
    fill(system, 2, first=160_000, status="cancelled")
    page = own_mary.page("/invoices")
    assert "3 invoices are unpaid, for 360.00 €" in page.text("a")
    address = next(link for link in page.links() if "status=unpaid" in link)
    assert len(numbers(own_mary.get(address).text)) == 3


def test_what_is_paid_in_part_is_unpaid_as_on_the_first_page(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 2)
    fill(system, 1, first=160_000)
    system.sql("update invoice set status = 'partially_paid', captured_minor = 2000 where number = 160000")
    system.sql(
        "insert into invoice (public_token, number, initiator_id, kind, status, subtotal_minor, total_minor) "
        "select 'token-bulk', 170000, initiator_id, 'bulk', 'unpaid', 24000, 24000 from invoice where number = 150005"
    )
    page = own_mary.page("/invoices")
    assert "3 invoices are unpaid, for 340.00 €" in page.text("a")
    address = next(link for link in page.links() if "status=partially_paid" in link)
    assert sorted(numbers(own_mary.get(address).text)) == [150_005, 150_006, 160_000]
    assert "340.00" in own_mary.get("/overview").text


@pytest.mark.slow
def test_the_count_stops_at_ten_thousand(own_mary: Browser) -> None:
    fill(own_mary.portal.system, 10_001)
    assert "10\N{NO-BREAK SPACE}000+ invoices" in own_mary.get("/invoices").text


def test_a_fragment_has_the_rows_the_count_and_the_choices_but_no_page(own_mary: Browser) -> None:
    fill(own_mary.portal.system, 3)
    answer = own_mary.fragment("/invoices?q=15&status=unpaid&nonsense=1")
    assert "<html" not in answer.text
    assert 'id="results"' in answer.text
    assert "3 invoices match" in answer.text
    assert answer.text.count("hx-swap-oob") == 5  # what the filters say; columns ask for nothing
    assert answer.headers["HX-Push-Url"] == "/invoices?q=15&status=unpaid"


def test_a_restored_history_gets_the_whole_page(mary: Browser) -> None:
    answer = mary.get("/invoices", HX_Request="true", HX_History_Restore_Request="true")
    assert "<html" in answer.text


def test_nothing_found_says_how_to_search(own_mary: Browser) -> None:
    fill(own_mary.portal.system, 1)
    page = own_mary.page("/invoices?q=99")
    assert "No invoice matches" in page.text("h2")
    assert "/invoices" in page.links()


@pytest.mark.parametrize("after", ["", "x", "AAAA", "A" * 22, "-" * 22, "%00", "9" * 500])
def test_a_made_up_cursor_starts_at_the_top(mary: Browser, after: str) -> None:
    assert mary.client.get("/invoices", query_string={"after": after}).status_code == 200


@pytest.mark.slow
def test_a_search_by_number_uses_the_index(own_portal: Portal) -> None:
    fill(own_portal.system, 5000)
    own_portal.system.sql("analyze invoice")
    plan = own_portal.system.rows("explain select id from invoice where cast(number as text) like '150012%'")
    assert any("ix_invoice_number_prefix" in row[0] for row in plan)


def test_a_narrowed_list_says_what_its_invoices_come_to(own_portal: Portal, own_mary: Browser) -> None:
    fill(own_portal.system, 60)
    sql = own_portal.system.sql
    sql("update invoice set subtotal_minor = 5, total_minor = 5 where number = 150006")
    sql("update invoice set status = 'overdue' where number in (150005, 150007)")
    for narrowed in ("service=registry", "q=payer", "q=payer&service=registry", "service=registry&sort=amount"):
        assert "60 invoices match, 7 080.05 € in all" in said(own_mary, narrowed), narrowed
    assert "2 invoices match, 240.00 € in all" in said(own_mary, "status=overdue")
    assert "0 invoices match" in said(own_mary, "status=paid")
    assert "in all" not in said(own_mary, "status=paid") + said(own_mary, "")


def test_what_is_too_much_to_count_is_not_added_up(
    own_portal: Portal, own_mary: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(own_portal.system, 12)
    monkeypatch.setattr(invoices, "COMMON", 10)
    monkeypatch.setattr(invoice_search, "MANY", 10)
    for narrowed in ("service=registry", "q=payer", "q=payer&service=registry"):
        assert "in all" not in said(own_mary, narrowed), narrowed


def said(browser: Browser, query: str) -> str:
    return " ".join(browser.page(f"/invoices?{query}").text("p").replace("\u00a0", " ").split())


def test_who_can_do_nothing_to_many_picks_none(own_portal: Portal, own_mary: Browser) -> None:
    fill(own_portal.system, 1)
    assert "Pick" in own_mary.page("/invoices").text("th")
    viewer = second(own_portal, "viewer").page("/invoices")
    assert "Pick" not in viewer.text("th")
    tags = [tag for tag, _named in viewer.elements]
    assert tags.count("td") + 1 == tags.count("th") - 1, "a row has a cell below each head"
