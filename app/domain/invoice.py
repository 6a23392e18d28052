"""The invoice's life: its status follows from facts, and only along these edges (other-systems.md 7.1, 7.4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import Conflict


class InvoiceStatus(StrEnum):
    """Every status an invoice can have."""

    DRAFT = "draft"
    UNPAID = "unpaid"
    PENDING = "pending"
    CHARGED_WITH_ERROR = "charged_with_error"
    OVERDUE = "overdue"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    IN_PROTEST = "in_protest"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    CHARGEBACK = "chargeback"
    UNCOLLECTIBLE = "uncollectible"
    CANCELLED = "cancelled"


S = InvoiceStatus

_TO: dict[InvoiceStatus, tuple[InvoiceStatus, ...]] = {
    S.DRAFT: (S.UNPAID, S.PAID, S.CANCELLED),
    S.UNPAID: (
        S.PENDING, S.PARTIALLY_PAID, S.PAID, S.PARTIALLY_REFUNDED, S.CHARGED_WITH_ERROR, S.OVERDUE, S.CANCELLED,
        S.UNCOLLECTIBLE,
    ),
    S.OVERDUE: (
        S.PENDING, S.PARTIALLY_PAID, S.PAID, S.PARTIALLY_REFUNDED, S.CHARGED_WITH_ERROR, S.UNPAID, S.CANCELLED,
        S.UNCOLLECTIBLE,
    ),
    S.PENDING: (
        S.UNPAID, S.OVERDUE, S.PARTIALLY_PAID, S.PAID, S.PARTIALLY_REFUNDED, S.CHARGED_WITH_ERROR, S.CANCELLED,
    ),
    S.CHARGED_WITH_ERROR: (
        S.PENDING, S.PAID, S.PARTIALLY_PAID, S.PARTIALLY_REFUNDED, S.UNPAID, S.OVERDUE, S.CANCELLED, S.UNCOLLECTIBLE,
    ),
    S.PARTIALLY_PAID: (
        S.PAID, S.PARTIALLY_REFUNDED, S.UNPAID, S.OVERDUE, S.PENDING, S.CHARGED_WITH_ERROR, S.IN_PROTEST, S.CHARGEBACK,
        S.UNCOLLECTIBLE,
    ),
    S.PAID: (S.PARTIALLY_REFUNDED, S.REFUNDED, S.IN_PROTEST, S.CANCELLED, S.PARTIALLY_PAID),
    S.IN_PROTEST: (S.PAID, S.PARTIALLY_PAID, S.PARTIALLY_REFUNDED, S.REFUNDED, S.CHARGEBACK, S.UNCOLLECTIBLE),
    S.PARTIALLY_REFUNDED: (S.REFUNDED, S.IN_PROTEST, S.CHARGEBACK),
    S.UNCOLLECTIBLE: (S.PAID, S.PARTIALLY_REFUNDED, S.IN_PROTEST, S.CHARGEBACK),
    S.CANCELLED: (S.PAID, S.PARTIALLY_PAID),
    S.REFUNDED: (),
    S.CHARGEBACK: (S.PAID, S.PARTIALLY_PAID, S.PARTIALLY_REFUNDED, S.UNCOLLECTIBLE),
}  # fmt: skip

EDGES: frozenset[tuple[InvoiceStatus, InvoiceStatus]] = frozenset(
    (before, after) for before, afters in _TO.items() for after in afters
)

PAYABLE: frozenset[InvoiceStatus] = frozenset({S.UNPAID, S.OVERDUE, S.PENDING, S.CHARGED_WITH_ERROR, S.PARTIALLY_PAID})

# What callers of the old interface see: six words and their numbers (other-systems.md 7.4, eis.md 3.1).
EIS_WORD: dict[InvoiceStatus, str] = {
    S.DRAFT: "unpaid",
    S.UNPAID: "unpaid",
    S.PENDING: "unpaid",
    S.CHARGED_WITH_ERROR: "failed",
    S.OVERDUE: "overdue",
    S.PARTIALLY_PAID: "unpaid",
    S.PAID: "paid",
    S.CANCELLED: "cancelled",
    S.REFUNDED: "refunded",
    S.PARTIALLY_REFUNDED: "paid",
    S.IN_PROTEST: "paid",
    S.CHARGEBACK: "refunded",
    S.UNCOLLECTIBLE: "overdue",
}
EIS_NUMBER: dict[str, int] = {"unpaid": 0, "paid": 1, "cancelled": 2, "failed": 3, "refunded": 4, "overdue": 5}


class IllegalInvoiceEdge(Conflict):
    """An invoice cannot go this way."""


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """Everything the status follows from; amounts in minor units of the invoice's currency.

    `captured_minor` is what payments gave to this invoice, before anything went back, `credited_minor` what
    credit notes took off it.
    """

    issued: bool = True
    cancelled: bool = False
    written_off: bool = False
    open_dispute: bool = False
    ever_paid: bool = False
    total_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    lost_minor: int = 0
    has_active_payment: bool = False
    last_charge_failed: bool = False
    overdue: bool = False
    credited_minor: int = 0


def derive_status(facts: InvoiceFacts) -> InvoiceStatus:  # noqa: C901, PLR0911 - one line per rule of 7.1
    """Return the status that follows from the facts: the first rule that fits (other-systems.md 7.1)."""
    held = facts.captured_minor - facts.refunded_minor
    if facts.cancelled:
        return S.CANCELLED
    if not facts.issued:
        return S.DRAFT
    if facts.open_dispute:
        return S.IN_PROTEST
    if facts.lost_minor > 0 and held - facts.lost_minor <= 0:
        return S.CHARGEBACK
    if facts.ever_paid and facts.refunded_minor > 0 and facts.refunded_minor >= facts.captured_minor:
        return S.REFUNDED
    if facts.ever_paid and facts.credited_minor > 0 and facts.captured_minor == 0:
        return S.REFUNDED  # all that came is the payer's again
    if facts.ever_paid and (facts.refunded_minor > 0 or facts.lost_minor > 0):
        return S.PARTIALLY_REFUNDED
    if held >= facts.total_minor - facts.credited_minor:
        return S.PAID
    if facts.written_off:
        return S.UNCOLLECTIBLE
    if held > 0:
        return S.PARTIALLY_PAID
    if facts.has_active_payment:
        return S.PENDING
    if facts.last_charge_failed:
        return S.CHARGED_WITH_ERROR
    return S.OVERDUE if facts.overdue else S.UNPAID


def check_edge(before: InvoiceStatus, after: InvoiceStatus) -> None:
    """Raise IllegalInvoiceEdge unless the status may change this way; staying is always allowed."""
    if before != after and (before, after) not in EDGES:
        raise IllegalInvoiceEdge(f"An invoice cannot go from {before} to {after}")


def is_payable(status: InvoiceStatus) -> bool:
    """Return whether a payer may still be sent to pay (eis.md 14: overdue yes, paid, cancelled and refunded no)."""
    return status in PAYABLE
