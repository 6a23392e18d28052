"""Number ranges: when they end, the one that follows, and that no number is given twice on the way over (F7)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.numbering import NumberRangeExhausted
from app.extensions import db
from app.services import number_ranges, numbering
from app.services.initiators import caller_named
from app.services.number_ranges import Overlap
from app.services.timeline import Actor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal

WHY = "the old one is nearly full"
ADMIN = Actor("operator", "1")
FORM = {"kind": "deposit", "first": "20001", "last": "20010", "reason": WHY}


@pytest.fixture(autouse=True)
def _as_it_was(portal: Portal) -> Iterator[None]:
    """Deposit numbers are taken in portals of tests' own only, because no number is ever taken back."""
    yield
    portal.system.sql("update number_range set next_number = first_number where kind = 'deposit' and active")


def fill_up(portal: Portal, kind: str, left: int) -> None:
    filled = "update number_range set next_number = last_number + 1 - :left where kind = :k and active"
    portal.system.sql(filled, k=kind, left=left)


def add(portal: Portal, kind: str, first: int, last: int) -> None:
    with portal.system.app.app_context():
        number_ranges.add(kind, first, last, actor=ADMIN, reason=WHY)


def test_the_page_says_when_the_numbers_end(portal: Portal, mary: Browser) -> None:
    portal.system.number()
    page = mary.page("/number-ranges")
    assert "They end in" in page.text("strong")
    assert "Nobody asked for one in the last month." in page.text("strong")
    assert "150005 – 199999" in page.text("th")
    assert "Domain registry" in page.text("p")


def test_the_first_page_foretells_the_same_end_ranges_that_wait_included(own_mary: Browser) -> None:
    system = own_mary.portal.system
    for _ in range(3):
        system.number()
    system.sql("update number_range set last_number = next_number + 61 where kind = 'invoice' and active")
    add(own_mary.portal, "invoice", 300_001, 301_000)
    assert "They end in 354 days." in own_mary.page("/number-ranges").text("strong")
    assert "Invoice numbers end in 354 days" in own_mary.page("/overview").text("span")
    assert "1 062 left" in " ".join(own_mary.page("/overview").text("span").split())


@pytest.mark.parametrize(
    ("left", "word"), [(4001, "Nobody asked"), (100, "100 numbers are left"), (0, "No number is left")]
)
def test_a_range_that_is_nearly_full_is_told_louder(portal: Portal, mary: Browser, left: int, word: str) -> None:
    fill_up(portal, "deposit", left)
    assert word in mary.get("/number-ranges").text


def test_the_range_that_follows_is_used_when_the_one_before_is_full(own_portal: Portal, own_mary: Browser) -> None:
    fill_up(own_portal, "deposit", 1)
    assert own_mary.post("/number-ranges", {**FORM, "first": "21001", "last": "21002"}).status_code == 303
    assert "Follows" in own_mary.page("/number-ranges").text("td")
    with own_portal.system.app.app_context():
        caller = caller_named("auction")
        assert [numbering.take_deposit_number(caller) for _ in range(3)] == [14001, 21001, 21002]
        with pytest.raises(NumberRangeExhausted):
            numbering.take_deposit_number(caller)
        db.session.remove()
    page = own_mary.page("/number-ranges")
    assert "The next range is in use" in page.text("ol")
    assert WHY in page.text("ol")


def test_parallel_takers_go_over_without_a_double_and_without_a_gap(own_portal: Portal) -> None:
    fill_up(own_portal, "deposit", 5)
    add(own_portal, "deposit", 22001, 22010)
    add(own_portal, "deposit", 23001, 23020)
    app = own_portal.system.app

    def take(_: int) -> list[int]:
        found: list[int] = []
        with app.app_context():
            caller = caller_named("auction")
            try:
                found.extend(numbering.take_deposit_number(caller) for _ in range(7))
            finally:
                db.session.remove()
        return found

    with ThreadPoolExecutor(5) as pool:
        numbers = sorted(number for part in pool.map(take, range(5)) for number in part)
    assert numbers == [*range(13997, 14002), *range(22001, 22011), *range(23001, 23021)]


def test_a_block_that_does_not_fit_is_taken_whole_from_the_next_range(own_portal: Portal, own_mary: Browser) -> None:
    fill_up(own_portal, "monthly", 3)
    add(own_portal, "monthly", 410001, 410100)
    with own_portal.system.app.app_context():
        caller = caller_named("registry")
        assert numbering.take_monthly_numbers(caller, 5) == list(range(410001, 410006))
        with pytest.raises(NumberRangeExhausted):
            numbering.take_monthly_numbers(caller, 500)
        db.session.remove()
    html = own_mary.get("/number-ranges").text
    assert ">Closed<" in html  # three of its numbers were never given: it is not full
    assert ">Full<" not in html


def test_numbers_that_came_with_invoices_are_not_given_again(own_portal: Portal) -> None:
    fill_up(own_portal, "invoice", 0)
    add(own_portal, "invoice", 510001, 510100)
    registry = {"invoice_number": 510003, "transaction_amount": "12.00", "custom_field2": "registry"}
    assert own_portal.system.call("registry", "/invoice_generator/invoice_generator", registry).status_code == 201
    assert own_portal.system.number() == 510004


@pytest.mark.parametrize(
    ("first", "last"),
    [("14001", "15000"), ("9000", "10001"), ("10500", "10600"), ("1", "999999"), ("309000", "310000")],
)
def test_two_ranges_share_no_number(portal: Portal, mary: Browser, first: str, last: str) -> None:
    before = portal.system.scalar("select count(*) from number_range")
    answer = mary.post("/number-ranges", {**FORM, "first": first, "last": last})
    assert answer.status_code == 409
    assert "belong to another range" in answer.text
    assert portal.system.scalar("select count(*) from number_range") == before
    with pytest.raises(DBAPIError, match="number_range_overlap"):
        portal.system.sql(
            "insert into number_range (kind, first_number, last_number, next_number, active) "
            "values ('deposit', :f, :l, :f, false)",
            f=int(first),
            l=int(last),
        )


def test_numbers_on_invoices_make_no_range(own_portal: Portal, own_mary: Browser) -> None:
    registry = {"invoice_number": 610003, "transaction_amount": "12.00", "custom_field2": "registry"}
    assert own_portal.system.call("registry", "/invoice_generator/invoice_generator", registry).status_code == 201
    with own_portal.system.app.app_context(), pytest.raises(Overlap):
        number_ranges.add("invoice", 610001, 610100, actor=ADMIN, reason=WHY)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "receipt"),
        ("kind", ""),
        ("first", ""),
        ("first", "0"),
        ("first", "-5"),
        ("first", "2147483648"),
        ("first", "9" * 40),
        ("first", "<script>alert(1)</script>"),
        ("last", "20000"),
        ("last", "90000000"),
        ("last", "1e6"),
        ("reason", ""),
    ],
)
def test_what_is_no_range_is_refused_by_field(portal: Portal, mary: Browser, field: str, value: str) -> None:
    before = portal.system.scalar("select count(*) from number_range")
    answer = mary.post("/number-ranges", {**FORM, field: value})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "<script>alert" not in answer.text
    assert portal.system.scalar("select count(*) from number_range") == before


def test_a_viewer_sees_ranges_and_adds_none(portal: Portal, mary: Browser) -> None:
    portal.system.sql("update white_code set role = 'viewer' where name = 'Mary'")
    assert "Add a range…" not in mary.get("/number-ranges").text
    assert mary.post("/number-ranges", FORM).status_code == 403
    portal.system.sql("update white_code set role = 'tenant_admin' where name = 'Mary'")
