"""The question about money no invoice needed: what came, when, why it is over, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.money import format_amount
from app.models.invoice import BULK
from app.queries.invoice_filter import today_of
from app.services import reviews

if TYPE_CHECKING:
    from app.domain.money import Money
    from app.models.invoice import Invoice
    from app.models.payment import Payment


def ask_about(payment: Payment, invoice: Invoice, surplus: Money) -> None:
    """Ask a person what becomes of what was over of a payment that has just come."""
    sentence = _said_of_cancelled(invoice, surplus) if invoice.cancelled_at else _said_of_more(invoice, surplus)
    reviews.ask(
        "payment.surplus",
        f"payment:{payment.id}",
        sentence,
        invoice_id=invoice.id,
        payment_id=payment.id,
        evidence={
            "surplus": format_amount(surplus),
            "currency": surplus.currency,
            "received_at": payment.completed_at.isoformat(timespec="seconds") if payment.completed_at else None,
        },
        tenant_id=payment.tenant_id,
    )


def _said_of_cancelled(invoice: Invoice, surplus: Money) -> str:
    cancelled = today_of(invoice.cancelled_at)
    return (
        f"{format_amount(surplus)} {surplus.currency} was received on {today_of()}, and the invoice was cancelled on "
        f"{cancelled}: refund it or use it for another invoice"
    )


def _said_of_more(invoice: Invoice, surplus: Money) -> str:
    why = "its invoices needed less, or nothing any more" if invoice.kind == BULK else "the invoice needed less"
    return (
        f"{format_amount(surplus)} {surplus.currency} was received and {why}: refund it or use it for another invoice"
    )
