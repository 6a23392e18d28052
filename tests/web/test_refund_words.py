"""Everything that happens to money on its way back is told on the invoice's page in people's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.dispute import DisputeStatus
from app.domain.refund import RefundStatus
from app.web.looks import LOOKS
from app.web.words import BOOKING
from tests.services.refunding import MARY, ask, order

if TYPE_CHECKING:
    from tests.system import System

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
