"""Looking a payment up at the gateway changes nothing and is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.integrations.breaker import Breaker
from tests.web.page import Page

if TYPE_CHECKING:
    from tests.system import System
    from tests.web.browser import Browser, Portal

COUNTS = (
    "select (select count(*) from ledger_entry) + (select count(*) from outbox) + (select sum(version) from payment)"
)


@pytest.fixture(scope="module")
def paid(shared_portal: Portal) -> tuple[int, str]:
    return shared_portal.system.settle()


@pytest.fixture
def system(portal: Portal) -> System:
    return portal.system


def test_both_sides_are_shown_and_agree(system: System, mary: Browser, paid: tuple[int, str]) -> None:
    number, reference = paid
    before = system.scalar(COUNTS)
    answer = mary.post("/gateway-lookups", {"reference": reference})
    assert answer.status_code == 200
    page = Page(answer.text)
    assert "Both sides agree." in answer.text
    assert page.text("tbody").count("Agree") >= 4
    assert f"/invoices/{number}" in page.links()
    assert system.scalar(COUNTS) == before, "nothing was written"
    told = system.rows("select actor_kind, data from event where kind = 'gateway.payment.looked_up' order by id desc")[
        0
    ]
    assert (told.actor_kind, told.data["reference"]) == ("operator", reference)


def test_a_difference_is_marked_and_taken_over_only_by_the_ordinary_look(system: System, mary: Browser) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    html = mary.post("/gateway-lookups", {"reference": reference}).text
    assert "The two sides differ: State" in html
    assert system.status(number) != "paid"
    assert mary.post("/gateway-lookups/looks", {"reference": reference}).status_code == 303
    assert system.status(number) != "paid", "the page itself wrote nothing"
    system.drain()
    assert system.status(number) == "paid"


def test_what_only_the_gateway_knows_is_said(system: System, mary: Browser) -> None:
    assert "does not know this reference" in mary.post("/gateway-lookups", {"reference": "x" * 64}).text


@pytest.mark.parametrize(
    "reference", ["", "short", "a/../../b" * 3, "x" * 81, "<script>1</script>", "платёж12", "\x00" * 20]
)
def test_what_is_no_reference_is_refused_at_its_field(system: System, mary: Browser, reference: str) -> None:
    answer = mary.post("/gateway-lookups", {"reference": reference})
    assert answer.status_code == 422
    assert 'href="#reference"' in answer.text
    assert "<script>1" not in answer.text
    assert mary.post("/gateway-lookups/looks", {"reference": reference}).status_code == 422


def test_a_gateway_that_is_away_is_told_in_words(system: System, mary: Browser, paid: tuple[int, str]) -> None:
    caller = system.app.extensions["integrations"].everypay._caller
    well = caller.breaker
    caller.breaker = Breaker()
    for _ in range(5):
        caller.breaker.record(success=False)
    try:
        assert "does not answer at the moment" in mary.post("/gateway-lookups", {"reference": paid[1]}).text
    finally:
        caller.breaker = well
