"""The pages an invoice may be paid on already, before its payer is sent to another (features.md F4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from app.domain.errors import Conflict, ProviderFailure
from app.domain.payment import ObservedState, PaymentStatus
from app.models.bulk import BulkMember
from app.models.payment import GatewayReference, Payment
from app.services.competing_attempts import PAGE_EXPIRED
from app.services.refresh import begin, take_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from app.domain.money import Money
    from app.domain.ports import HostedGateway
    from app.models.invoice import Invoice

# The gateway has begun to move the money: another page would be a second payment.
MOVING = [PaymentStatus.PROCESSING.value, PaymentStatus.AUTHORIZED.value]
OPEN = [PaymentStatus.PENDING.value, *MOVING]
LOOKED_AT = 3  # pages, newest first: a payer who waits is not made to wait for an old story
# The gateway answers in less (10 s), or its answer is lost.
MAKING = timedelta(seconds=12)


class NotPayable(Conflict):
    """This invoice cannot be paid any more."""


class BeingMade(Exception):
    """Somebody else makes a page for exactly this at this moment."""


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A payment whose page may be open, by the reference its gateway gave it."""

    payment_id: int
    reference_id: int


def of(tx: Session, invoice: Invoice, gateway: HostedGateway) -> list[OpenPage]:
    """Return the newest pages of this invoice that the gateway may still take money on, those given up here too."""
    given_up = and_(Payment.status == PaymentStatus.EXPIRED, Payment.failure_code == PAGE_EXPIRED)
    rows = tx.execute(
        select(Payment.id, GatewayReference.id)
        .join(GatewayReference, GatewayReference.payment_id == Payment.id)
        .where(Payment.invoice_id == invoice.id, Payment.gateway == gateway.name)
        .where(or_(Payment.status.in_(OPEN), given_up))
        .order_by(Payment.id.desc())
        .limit(LOOKED_AT)
    )
    return [OpenPage(payment_id, reference_id) for payment_id, reference_id in rows]


def look(pages: Sequence[OpenPage], gateway: HostedGateway, poll_ladder_s: Sequence[int]) -> list[int]:
    """Take a last look at each and fold in what happened; return the payments whose page nobody has used.

    A gateway that cannot be asked is not asked twice: what it did not say of a page counts as used.
    """
    untouched = []
    for page in pages:
        news = begin(page.reference_id)
        try:
            fetched = gateway.fetch_payment(news.external_id)
        except ProviderFailure:
            break
        if fetched.state is ObservedState.INITIAL:
            untouched.append(page.payment_id)
        else:
            take_over(news, fetched, gateway, poll_ladder_s)
    return untouched


def check_moving(tx: Session, invoice: Invoice, asked: Money) -> None:
    """Raise NotPayable while so much money is on its way that what is asked would be too much; the invoice is locked.

    Money on its way by a bulk payment counts whole.
    """
    bulks = select(BulkMember.parent_id).where(BulkMember.member_id == invoice.id, BulkMember.released_at.is_(None))
    moving_minor = tx.scalar(
        select(func.sum(Payment.amount_minor)).where(
            or_(Payment.invoice_id == invoice.id, Payment.invoice_id.in_(bulks)),
            Payment.status.in_(MOVING),
            Payment.external_id.is_not(None),
        )
    )
    if moving_minor and asked.minor > invoice.open_minor - moving_minor:
        raise NotPayable(
            f"Invoice {invoice.number} is being paid at this moment", code="being_paid", status=invoice.status
        )


def same(invoice: Invoice, gateway: HostedGateway, asked: Money, customer_url: str) -> Select[Payment]:
    """Return which attempts ask for exactly this and have a page nobody is known to have used, youngest first."""
    return (
        select(Payment)
        .where(
            Payment.invoice_id == invoice.id,
            Payment.gateway == gateway.name,
            Payment.status == PaymentStatus.PENDING,
            Payment.provider_state == "initial",
            Payment.payment_link.is_not(None),
            Payment.amount_minor == asked.minor,
            Payment.customer_url == customer_url,
        )
        .order_by(Payment.id.desc())
    )


def just_made(
    tx: Session, invoice: Invoice, gateway: HostedGateway, asked: Money, customer_url: str, *, but: Sequence[int]
) -> Payment | None:
    """Return an attempt for exactly the same that was made a moment ago and is not one of those looked at."""
    young = same(invoice, gateway, asked, customer_url).where(
        Payment.id.not_in(but), Payment.created_at > func.now() - 2 * MAKING
    )
    return tx.scalars(young.limit(1)).one_or_none()


def check_made(tx: Session, invoice: Invoice, gateway: HostedGateway, asked: Money, customer_url: str) -> None:
    """Raise BeingMade while somebody else makes a page for exactly the same; the invoice is locked."""
    young = select(Payment.id).where(
        Payment.invoice_id == invoice.id,
        Payment.gateway == gateway.name,
        Payment.status == PaymentStatus.CREATED,
        Payment.amount_minor == asked.minor,
        Payment.customer_url == customer_url,
        Payment.created_at > func.now() - MAKING,
    )
    if tx.scalar(young.limit(1)) is not None:
        raise BeingMade
