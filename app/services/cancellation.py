"""Cancelling an invoice: nobody owes it any more, and no money of it may be on its way (eis.md 5.6, 5.16)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain import ledger as books
from app.domain.money import Money
from app.models.invoice import BULK
from app.models.payment import Payment
from app.services import competing_attempts, ledger, notices, timeline
from app.services.invoice_status import UNDER_WAY, StatusRefused, is_paid_by, recompute

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.models.invoice import Invoice
    from app.services.timeline import Actor


def cancel(tx: Session, invoice: Invoice, actor: Actor, reason: str) -> None:
    """Cancel a locked invoice and the pages nobody used for it, book it and tell it on the timeline.

    Raises StatusRefused when it has been paid or is being paid.
    """
    obstacle = hindrance(tx, invoice)
    if obstacle:
        raise StatusRefused(f"Invoice {invoice.number} {obstacle}")
    # Parts that went back took the sale back by as much already.
    open_ = Money(invoice.open_minor, invoice.currency)
    invoice.cancelled_at = datetime.now(UTC)
    invoice.cancel_reason = reason
    ledger.post(
        "invoice.cancelled",
        f"invoice:{invoice.id}:cancelled",
        books.cancelled(notices.initiator_code(invoice.initiator_id), open_),
        invoice_id=invoice.id,
        tenant_id=invoice.tenant_id,
    )
    competing_attempts.close(invoice, because=competing_attempts.INVOICE_CANCELLED)
    recompute(invoice)
    timeline.record("invoice.cancelled", actor=actor, invoice_id=invoice.id, reason=reason, tenant_id=invoice.tenant_id)


def hindrance(tx: Session, invoice: Invoice) -> str:
    """Return why a locked invoice cannot be cancelled now and what to do instead; empty when it can."""
    if invoice.kind == BULK:
        return "is a bulk payment: cancel its invoices"
    if invoice.captured_minor > invoice.refunded_minor or invoice.paid_at is not None:
        return "has been paid: refund it instead of cancelling it"
    if money_on_its_way(tx, invoice.id):
        return "is being paid at this moment: ask again when that has ended"
    return ""


def money_on_its_way(tx: Session, invoice_id: int) -> bool:
    """Return whether the payer has begun to pay; a page that was only opened does not count."""
    begun = tx.scalar(
        select(Payment.id)
        .where(
            is_paid_by(invoice_id),
            Payment.status.in_(UNDER_WAY),
            Payment.provider_state.is_distinct_from("initial"),
            Payment.external_id.is_not(None),
        )
        .limit(1)
    )
    return begun is not None
