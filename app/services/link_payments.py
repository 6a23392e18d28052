"""Payments through links that were signed and sent: we hear of one when somebody has opened it (eis.md 9.1.8)."""

from __future__ import annotations

import secrets
from itertools import accumulate
from operator import sub
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.money import Money, format_amount
from app.domain.payment import PaymentStatus
from app.models.credit_note import CreditNote
from app.models.event import Event
from app.models.invoice import InvoiceClaim
from app.models.payment import Payment
from app.models.review_item import ReviewItem
from app.services import timeline
from app.services.timeline import Actor
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from app.domain.ports import FetchedPayment, HostedGateway
    from app.models.invoice import Invoice

LINK = "linkpay"
DIFFERS = "payment.differs"
PART = "partially_paid"
# How a person's decision begins who lets the money count that an older link asked for.
COUNTS = "booked as it came"


def payment_of(
    tx: Session, external_id: str, fetched: FetchedPayment, gateway: HostedGateway, invoice: Invoice
) -> Payment:
    """Return a new payment for a link somebody opened, over what that link asked for; the invoice is locked."""
    expected = _asked(tx, invoice, fetched)
    payment = Payment(
        tenant_id=invoice.tenant_id,
        public_token=secrets.token_urlsafe(16),
        invoice_id=invoice.id,
        initiator_id=invoice.initiator_id,
        method="linkpay",
        gateway=gateway.name,
        account=gateway.account,
        status=PaymentStatus.PENDING,
        amount_minor=expected.minor,
        currency=expected.currency,
        external_id=external_id,
    )
    tx.add(payment)
    tx.flush()
    timeline.record(
        "payment.created",
        actor=Actor("gateway", gateway.name),
        invoice_id=invoice.id,
        payment_id=payment.id,
        data={"amount": format_amount(expected), "currency": expected.currency, "by": "link"},
        tenant_id=invoice.tenant_id,
    )
    return payment


def difference(payment: Payment, invoice: Invoice, fetched: FetchedPayment) -> str:
    """Return in words how an older link asked for another amount than is due now; empty when a person let it count."""
    if payment.method != LINK or payment.captured_minor:
        return ""
    asked, due = Money(payment.amount_minor, payment.currency), _due(session(), invoice, fetched)
    if asked == due or _counts(payment):
        return ""
    return f"{format_amount(asked)} {asked.currency} instead of {format_amount(due)} {due.currency}"


def _counts(payment: Payment) -> bool:
    decided = select(ReviewItem.id).where(
        ReviewItem.payment_id == payment.id,
        ReviewItem.kind == DIFFERS,
        ReviewItem.resolution.startswith(f"{COUNTS}: "),
    )
    return session().scalar(decided.limit(1)) is not None


def _due(tx: Session, invoice: Invoice, fetched: FetchedPayment) -> Money:
    """Return what the link may ask for: of what was asked at one time or another the amount this one names."""
    claimed = _claimed(tx, invoice, fetched)
    if claimed:
        return Money(claimed, invoice.currency)
    asked = {Money(minor, invoice.currency) for minor in (invoice.open_minor, *_asked_so_far(tx, invoice))}
    if fetched.initial is not None and (fetched.initial in asked or _was_the_rest(tx, invoice, fetched.initial)):
        return fetched.initial
    return Money(invoice.asked_minor, invoice.currency)


def _was_the_rest(tx: Session, invoice: Invoice, asked: Money) -> bool:
    """Return whether a link asked for so much after a part had come."""
    if not invoice.captured_minor:
        return False
    said = {"amount": format_amount(asked), "currency": asked.currency, "because": PART}
    made = Event.kind == "invoice.link.made"
    of_it = select(Event.id).where(Event.invoice_id == invoice.id, made, Event.data.contains(said))
    return tx.scalar(of_it.limit(1)) is not None


def _asked_so_far(tx: Session, invoice: Invoice) -> Iterable[int]:
    """Return the whole and what each credit note left of it: links of before stay payable."""
    if not invoice.credited_minor:
        return [invoice.total_minor]
    notes = select(CreditNote.open_minor).where(CreditNote.invoice_id == invoice.id).order_by(CreditNote.id)
    return accumulate(tx.scalars(notes), sub, initial=invoice.total_minor)


def _asked(tx: Session, invoice: Invoice, fetched: FetchedPayment) -> Money:
    """Return what the link asked for: that of before, if it was signed before the amount changed."""
    now = _due(tx, invoice, fetched)
    if fetched.initial is None or fetched.initial == now:
        return now
    before = {"before": format_amount(fetched.initial), "currency": fetched.initial.currency}
    asked_before = select(Event.id).where(
        Event.invoice_id == invoice.id, Event.kind == "invoice.repriced", Event.data.contains(before)
    )
    return now if tx.scalar(asked_before.limit(1)) is None else fetched.initial


def _claimed(tx: Session, invoice: Invoice, fetched: FetchedPayment) -> int | None:
    """Return the amount of the claim whose holder paid (eis.md 10.1.4): the payer is named by custom_field_1."""
    if not fetched.custom_field_1:
        return None
    return tx.scalar(
        select(InvoiceClaim.amount_minor).where(
            InvoiceClaim.invoice_id == invoice.id, InvoiceClaim.user_unique_id == fetched.custom_field_1
        )
    )
