"""Everything that happens to money on its way back is told on the invoice's page in people's words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.dispute import DisputeStatus
from app.domain.refund import RefundStatus
from app.web.trail_words import LOOKS
from app.web.words import BOOKING
from tests.services.refunding import MARY, ask, order

if TYPE_CHECKING:
    from tests.system import System
    from tests.web.browser import Browser

TOLD_OTHERWISE = {
    "refund.pending_approval",  # review.item.opened
    "dispute.under_review",  # dispute.updated
    "dispute.lost",  # payment.charged_back
}
KINDS = "select distinct kind from event where kind like 'refund.%' or kind like 'dispute.%' or kind like 'credit.%'"


def test_every_state_has_its_words() -> None:
    kinds = {f"refund.{each}" for each in RefundStatus} | {f"dispute.{each}" for each in DisputeStatus}
    assert kinds - TOLD_OTHERWISE <= set(LOOKS)


def test_what_is_told_and_booked_of_a_refund_has_words(system: System) -> None:
    _number, reference = system.settle()
    ask(system, order(system, reference, 100), MARY)
    system.drain()
    told = {row.kind for row in system.rows(KINDS)}
    assert len(told) == 3
    assert told <= set(LOOKS)
    assert {row.kind for row in system.rows("select distinct kind from ledger_transaction")} <= set(BOOKING)


def test_of_money_that_came_and_went_the_page_says_that_the_service_was_not_told(mary: Browser) -> None:
    system = mary.portal.system
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    system.pay(reference, "refunded", standing=Decimal(0))
    system.callback(reference)
    system.drain()
    page = mary.page(f"/invoices/{number}").text("main")
    assert "gone again before the first look: no payment notice was sent" in page
