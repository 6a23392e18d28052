"""Money that went back at the gateway without us: noticed, booked, shown (reliability.md 3.3, T16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain import ledger as books
from app.domain.money import Money, format_amount
from app.domain.payment import PaymentStatus
from app.models.refund import Refund
from app.services import ledger, reviews, timeline
from app.services.invoice_status import recompute
from app.services.timeline import Actor
from app.uow import session

if TYPE_CHECKING:
    from app.models.invoice import Invoice
    from app.models.payment import Payment


def notice(payment: Payment, invoice: Invoice, to: PaymentStatus, *, standing_minor: int, initiator: str) -> None:
    """Book what the gateway gave back since we last looked; both rows are locked, the invoice first.

    `standing_minor` is what the gateway still holds of the payment, in minor units.
    """
    if to is PaymentStatus.CHARGED_BACK:
        gone = payment.captured_minor - payment.refunded_minor
    else:
        gone = payment.captured_minor - standing_minor - payment.refunded_minor
    amount = Money(gone, payment.currency)
    if to is PaymentStatus.CHARGED_BACK:
        postings = books.charged_back(payment.gateway, amount)
        _lose(invoice, gone)
    else:
        postings = books.refunded(payment.gateway, initiator, amount)
        _record_refund(payment, amount, standing_minor)
        payment.refunded_minor += gone
        invoice.refunded_minor += min(gone, invoice.captured_minor - invoice.refunded_minor)
    payment.status = to
    payment.version += 1
    session().flush()
    ledger.post(
        f"payment.{to}",
        f"payment:{payment.id}:{to}:{standing_minor}",
        postings,
        invoice_id=invoice.id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )
    recompute(invoice)
    _tell(payment, invoice, to, amount)


def _lose(invoice: Invoice, gone: int) -> None:
    """Take the invoice through the dispute it has lost: paid never becomes chargeback in one step."""
    invoice.disputed_minor = gone
    recompute(invoice)
    invoice.disputed_minor = 0
    invoice.lost_minor += min(gone, invoice.captured_minor - invoice.refunded_minor)


def _record_refund(payment: Payment, amount: Money, standing_minor: int) -> None:
    session().add(
        Refund(
            tenant_id=payment.tenant_id,
            payment_id=payment.id,
            amount_minor=amount.minor,
            currency=amount.currency,
            status="succeeded",
            reason="made at the gateway",
            idempotency_key=f"gateway:{standing_minor}",
            requested_by=f"gateway:{payment.gateway}",
        )
    )


def _tell(payment: Payment, invoice: Invoice, to: PaymentStatus, amount: Money) -> None:
    timeline.record(
        f"payment.{to}",
        actor=Actor("gateway", payment.gateway),
        invoice_id=invoice.id,
        payment_id=payment.id,
        data={"amount": format_amount(amount), "currency": amount.currency},
    )
    reviews.ask(
        f"payment.{to}",
        f"payment:{payment.id}:{payment.refunded_minor}:{to}",
        f"{format_amount(amount)} {amount.currency} went back at {payment.gateway} without a request from here",
        invoice_id=invoice.id,
        payment_id=payment.id,
    )
