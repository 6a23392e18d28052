"""What of a payment's money is still held, and by what: invoices that took it, and what they did not need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.domain.dispute import OPEN
from app.domain.refund import IN_FLIGHT, RESERVED, Refundable, RefundStatus
from app.models.dispute import Dispute
from app.models.refund import Refund
from app.models.settlement import Allocation
from app.models.surplus import Surplus
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from app.models.payment import Payment


@dataclass(frozen=True, slots=True)
class Part:
    """What an invoice, or without one the payer's credit, still holds of a payment; minor units."""

    invoice_id: int | None
    held_minor: int


def parts_of(payment: Payment) -> list[Part]:
    """Return where the payment's money is: the credit first, because it is owed to the payer, then its invoices."""
    surplus = surplus_of(payment.id)
    parts = [Part(None, surplus.left_minor)] if surplus else []
    given = session().execute(
        select(Allocation.invoice_id, Allocation.amount_minor)
        .where(Allocation.payment_id == payment.id, Allocation.reversed_at.is_(None))
        .order_by(Allocation.invoice_id != payment.invoice_id, Allocation.id)
    )
    back, lost = _back_by_invoice(payment.id), _lost_by_invoice(payment.id)
    parts += [Part(key, minor - back.get(key, 0) - lost.get(key, 0)) for key, minor in given]
    return [part for part in parts if part.held_minor > 0]


def held_by(payment: Payment, invoice_id: int | None) -> int:
    """Return what this invoice, or without one the payer's credit, still holds of the payment; minor units."""
    return sum(part.held_minor for part in parts_of(payment) if part.invoice_id == invoice_id)


def share(parts: list[Part], amount_minor: int) -> list[Part]:
    """Return what each part loses when this much goes: the credit, then who holds exactly the rest, then in order."""
    left, taken = amount_minor, []
    for part in [each for each in parts if each.invoice_id is None]:
        taken.append(Part(None, min(left, part.held_minor)))
        left -= taken[-1].held_minor
    invoices = [each for each in parts if each.invoice_id is not None]
    exact = [each for each in invoices if each.held_minor == left]
    for part in exact[:1] or invoices:
        taken.append(Part(part.invoice_id, min(left, part.held_minor)))
        left -= taken[-1].held_minor
    return [part for part in taken if part.held_minor]


def surplus_of(payment_id: int, *, locked: bool = False) -> Surplus | None:
    """Return what was over of a payment, if anything was."""
    question = select(Surplus).where(Surplus.payment_id == payment_id).execution_options(populate_existing=True)
    return session().scalars(question.with_for_update() if locked else question).one_or_none()


def refunds_of(payment_id: int, statuses: Collection[RefundStatus]) -> list[Refund]:
    """Return the payment's refunds in these states, oldest first; the payment is locked, and they with it."""
    return list(
        session().scalars(
            select(Refund)
            .where(Refund.payment_id == payment_id, Refund.status.in_(sorted(statuses)))
            .order_by(Refund.id)
            .execution_options(populate_existing=True)
        )
    )


def refund_under_way(payment_id: int) -> Refund | None:
    """Return the refund that left and is not decided; the database allows one."""
    return next(iter(refunds_of(payment_id, IN_FLIGHT)), None)


def reserved_minor(payment_id: int, invoice_id: int | None) -> int:
    """Return what is kept back for refunds of one part of the payment, in minor units."""
    return sum(each.amount_minor for each in refunds_of(payment_id, RESERVED) if each.invoice_id == invoice_id)


def disputed_minor(payment_id: int, invoice_id: int | None) -> int:
    """Return what open disputes hold back of one part of a payment, in minor units."""
    of_part = func.sum(Dispute.amount_minor - Dispute.invoice_minor)
    question = select(of_part).where(Dispute.payment_id == payment_id, Dispute.status.in_(sorted(OPEN)))
    if invoice_id is not None:
        question = select(func.sum(Dispute.invoice_minor)).where(
            Dispute.payment_id == payment_id, Dispute.invoice_id == invoice_id, Dispute.status.in_(sorted(OPEN))
        )
    return int(session().scalar(question) or 0)


def refundable(payment: Payment, invoice_id: int | None, now: datetime) -> Refundable:
    """Return what of this invoice's part of the payment, or of the payer's credit, may be asked back."""
    taken = payment.completed_at or now
    return Refundable(
        captured_minor=held_by(payment, invoice_id),
        refunded_minor=0,
        reserved_minor=reserved_minor(payment.id, invoice_id),
        disputed_minor=disputed_minor(payment.id, invoice_id),
        age_days=(now - taken).days,
    )


def _back_by_invoice(payment_id: int) -> dict[int | None, int]:
    rows = session().execute(
        select(Refund.invoice_id, func.sum(Refund.amount_minor))
        .where(Refund.payment_id == payment_id, Refund.status == RefundStatus.SUCCEEDED)
        .group_by(Refund.invoice_id)
    )
    return {key: int(minor) for key, minor in rows}


def _lost_by_invoice(payment_id: int) -> dict[int | None, int]:
    rows = session().execute(
        select(Dispute.invoice_id, func.sum(Dispute.invoice_minor))
        .where(Dispute.payment_id == payment_id, Dispute.status == "lost")
        .group_by(Dispute.invoice_id)
    )
    return {key: int(minor) for key, minor in rows}
