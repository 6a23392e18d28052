"""The members of a bulk payment: locked with it, paid by it (eis.md 5.3).

The parent is a container. Nothing is owed on it and nothing allocated to it; what it shows as captured mirrors its
payments, so that its own status reads like any other. The members' side is the books'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from app.domain.bulk import Part, share_out
from app.domain.invoice import InvoiceStatus
from app.domain.order_reference import LONGEST, compose, compose_bulk
from app.models.bulk import BulkMember
from app.models.invoice import BULK, Invoice
from app.models.payment import Payment
from app.services.invoice_status import recompute
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Member:
    """An invoice inside a bulk payment, and what it was to get."""

    invoice: Invoice
    agreed_minor: int

    @property
    def due_minor(self) -> int:
        """Return what it still needs; a cancelled invoice needs nothing."""
        return 0 if self.invoice.cancelled_at else self.invoice.open_minor


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a payment for one invoice, in minor units."""

    invoice: Invoice
    amount_minor: int


def members_of(parent_id: int) -> list[Member]:
    """Return the members in their order."""
    rows = session().execute(
        select(Invoice, BulkMember.amount_minor)
        .join(BulkMember, BulkMember.member_id == Invoice.id)
        .where(BulkMember.parent_id == parent_id)
        .order_by(BulkMember.position)
    )
    return [Member(invoice, agreed) for invoice, agreed in rows]


def order_reference_of(invoice: Invoice, attempt: int = 1, *, longest: int | None = LONGEST) -> str:
    """Return what a payment for this invoice is called at the gateway: a bulk payment names its members too."""
    number = invoice.number or 0
    if invoice.kind != BULK:
        return compose(number, attempt)
    members = [member.invoice.number or 0 for member in members_of(invoice.id)]
    return compose_bulk(number, members, attempt, longest=longest)


def still_fit(parent: Invoice) -> bool:
    """Return whether every member still needs exactly what was agreed, so that its page asks for the right sum."""
    return all(member.due_minor == member.agreed_minor for member in members_of(parent.id))


def shares_of(invoice: Invoice, captured_minor: int) -> list[Share]:
    """Return who gets what of the money that came for this invoice: itself, or its members; all are locked."""
    if invoice.kind != BULK:
        due = 0 if invoice.cancelled_at else invoice.open_minor
        amount = min(captured_minor, due)
        return [Share(invoice, amount)] if amount else []
    members = members_of(invoice.id)
    amounts = share_out(captured_minor, [Part(member.due_minor, member.agreed_minor) for member in members])
    return [Share(member.invoice, amount) for member, amount in zip(members, amounts, strict=True) if amount]


def close(parent: Invoice, captured_minor: int) -> None:
    """Show on the container that its money came, and end the memberships: what is paid needs no other page."""
    parent.captured_minor += min(captured_minor, parent.total_minor - parent.captured_minor)
    parent.cancelled_at = parent.cancel_reason = None
    parent.last_charge_error = None
    release(parent.id)


def mirror(payment: Payment) -> None:
    """Show on the container what went back, or was lost, of the money that came for it; both are locked."""
    parent = session().get(Invoice, payment.invoice_id) if payment.invoice_id else None
    if parent is None or parent.kind != BULK:
        return
    sums = select(func.sum(Payment.refunded_minor), func.sum(Payment.lost_minor))
    back, lost = session().execute(sums.where(Payment.invoice_id == parent.id)).one()
    parent.refunded_minor = min(int(back or 0), parent.captured_minor)
    lost_minor = min(int(lost or 0), parent.captured_minor - parent.refunded_minor)
    if lost_minor != parent.lost_minor and parent.status in {InvoiceStatus.PAID, InvoiceStatus.PARTIALLY_REFUNDED}:
        parent.disputed_minor = 1  # a loss, and its end, pass through protest
        recompute(parent)
    parent.lost_minor, parent.disputed_minor = lost_minor, 0
    recompute(parent)


def unneeded(parent: Invoice, shares: Sequence[Share]) -> list[Share]:
    """Return what members were to get and did not need: paid elsewhere meanwhile, cancelled, or made cheaper."""
    got = {share.invoice.id: share.amount_minor for share in shares}
    left = [
        Share(member.invoice, member.agreed_minor - got.get(member.invoice.id, 0)) for member in members_of(parent.id)
    ]
    return [share for share in left if share.amount_minor]


def release(parent_id: int) -> None:
    """Let the members join another bulk payment; money that still comes for this one finds them all the same."""
    session().execute(
        update(BulkMember)
        .where(BulkMember.parent_id == parent_id, BulkMember.released_at.is_(None))
        .values(released_at=func.clock_timestamp())
    )
