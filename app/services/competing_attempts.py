"""Other ways to pay what is paid or cancelled: closed, so that nobody pays twice, and watched all the same (F4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select, text

from app.domain.invoice import InvoiceStatus
from app.domain.payment import ACTIVE, PaymentStatus
from app.models.payment import Payment
from app.services import outbox, timeline
from app.uow import session

if TYPE_CHECKING:
    from app.models.invoice import Invoice

VOID = "gateway.payment.void"
PAID_OTHERWISE = "paid_otherwise"
INVOICE_CANCELLED = "invoice_cancelled"
PAGE_EXPIRED = "page_expired"
REASONS = {
    PAID_OTHERWISE: "the invoice was paid another way",
    INVOICE_CANCELLED: "the invoice was cancelled",
}
UNTOUCHED = {None, "initial"}
# Nearly every invoice has one way only: whether there are others is asked as cheaply as can be.
OTHERS = text("""
select id from payment
 where invoice_id = :invoice_id and id is distinct from :but
   and status in ('created', 'pending', 'authorized') and method in ('hosted', 'linkpay')
 order by id for update
""")


def close(invoice: Invoice, but: int | None = None, *, because: str = PAID_OTHERWISE) -> None:
    """Close every other open attempt for an invoice that is paid or cancelled; the invoice is locked.

    A page nobody touched is cancelled here and looked at all the same, because the gateway knows no such call: money
    that still comes through it is the payer's credit. An amount a card only reserved is let go of.
    """
    others = session().execute(OTHERS, {"invoice_id": invoice.id, "but": but}).scalars().all()
    for payment_id in others:
        payment = session().get_one(Payment, payment_id, populate_existing=True)
        if payment.status == PaymentStatus.AUTHORIZED:
            owe_void(payment)
        elif payment.provider_state in UNTOUCHED:
            _cancel(payment, because)


def are_untouched(invoice: Invoice) -> bool:
    """Return whether a locked invoice only waits for pages that nobody is known to have used."""
    if invoice.status != InvoiceStatus.PENDING:
        return False
    used = select(Payment.id).where(
        Payment.invoice_id == invoice.id,
        Payment.status.in_(ACTIVE - {PaymentStatus.CREATED}),
        or_(Payment.status != PaymentStatus.PENDING, Payment.provider_state.is_distinct_from("initial")),
    )
    return session().scalar(used.limit(1)) is None


def is_needless(payment: Payment, invoice: Invoice) -> bool:
    """Return whether an authorised amount is for an invoice that another payment paid."""
    return invoice.paid_at is not None and not payment.captured_minor


def is_watched(payment: Payment) -> bool:
    """Return whether an attempt that was closed here may still be paid there."""
    if payment.status == PaymentStatus.EXPIRED:
        return payment.failure_code == PAGE_EXPIRED
    return payment.status == PaymentStatus.CANCELLED and payment.failure_code in REASONS


def owe_void(payment: Payment) -> None:
    """Owe letting go of an authorised amount, once per payment."""
    outbox.post(
        VOID,
        f"payment:{payment.id}",
        lane=payment.gateway,
        payload={"payment_id": payment.id},
        invoice_id=payment.invoice_id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )


def _cancel(payment: Payment, because: str) -> None:
    payment.status = PaymentStatus.CANCELLED
    payment.failure_code = because
    payment.version += 1
    session().flush()
    timeline.record(
        "payment.cancelled",
        invoice_id=payment.invoice_id,
        payment_id=payment.id,
        reason=REASONS[because],
        tenant_id=payment.tenant_id,
    )
