"""Other ways to pay what is paid: closed, so that nobody pays twice, and watched all the same (features.md F4)."""

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
PAGE_EXPIRED = "page_expired"
UNTOUCHED = {None, "initial"}
REASON = "the invoice was paid another way"
# Nearly every invoice has one way only: whether there are others is asked as cheaply as can be.
OTHERS = text("""
select id from payment
 where invoice_id = :invoice_id and id is distinct from :but
   and status in ('created', 'pending', 'authorized') and method in ('hosted', 'linkpay')
 order by id for update
""")


def close(invoice: Invoice, but: int | None = None) -> None:
    """Close every other open attempt for an invoice that is paid; the invoice is locked.

    A page nobody touched is cancelled here and looked at all the same, because the gateway knows no such call: money
    that still comes through it is the payer's credit. An amount a card only reserved is let go of.
    """
    others = session().execute(OTHERS, {"invoice_id": invoice.id, "but": but}).scalars().all()
    for payment_id in others:
        payment = session().get_one(Payment, payment_id, populate_existing=True)
        if payment.status == PaymentStatus.AUTHORIZED:
            owe_void(payment)
        elif payment.provider_state in UNTOUCHED:
            _cancel(payment)


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
    closed = (payment.status, payment.failure_code)
    return closed in {(PaymentStatus.CANCELLED, PAID_OTHERWISE), (PaymentStatus.EXPIRED, PAGE_EXPIRED)}


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


def _cancel(payment: Payment) -> None:
    payment.status = PaymentStatus.CANCELLED
    payment.failure_code = PAID_OTHERWISE
    payment.version += 1
    session().flush()
    timeline.record(
        "payment.cancelled",
        invoice_id=payment.invoice_id,
        payment_id=payment.id,
        reason=REASON,
        tenant_id=payment.tenant_id,
    )
