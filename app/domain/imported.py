"""Invoices that lived elsewhere: what their old status word means in our facts (eis.md 3.1, 5.19)."""

from __future__ import annotations

from app.domain.errors import Invalid
from app.domain.invoice import EIS_NUMBER, InvoiceFacts

ISSUED = "issued"  # what the auction calls an unpaid invoice
WORDS = (*EIS_NUMBER, ISSUED)


def facts_of(word: str, total_minor: int) -> InvoiceFacts:
    """Return the facts behind an old status word. Raises Invalid for a word that is none of the old ones.

    An invoice over nothing is paid as soon as it is not cancelled (eis.md 14, zero amount).
    """
    if word not in WORDS:
        raise Invalid.field("status", f"must be one of: {', '.join(sorted(WORDS))}")
    cancelled = word == "cancelled"
    paid = not cancelled and (total_minor == 0 or word in {"paid", "refunded"})
    return InvoiceFacts(
        cancelled=cancelled,
        ever_paid=paid,
        total_minor=total_minor,
        captured_minor=total_minor if paid else 0,
        refunded_minor=total_minor if paid and word == "refunded" else 0,
        last_charge_failed=not paid and word == "failed",
        overdue=not paid and word == "overdue",
    )
