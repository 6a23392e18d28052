"""The invoice's status, recomputed from facts under its row lock (other-systems.md 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, literal, select

from app.domain.errors import Conflict, NotFound
from app.domain.invoice import InvoiceFacts, InvoiceStatus, check_edge, derive_status
from app.domain.payment import ACTIVE, PaymentStatus
from app.models.bulk import BulkMember
from app.models.invoice import BULK, Invoice
from app.models.payment import Payment
from app.models.settlement import Allocation
from app.queries.invoice_filter import today_of
from app.queries.own_numbers import numbered
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, CompoundSelect, Select
    from sqlalchemy.orm import Session

# A shown link alone is not a payment under way (other-systems.md 7.1, precedence 10).
UNDER_WAY = [status.value for status in ACTIVE if status is not PaymentStatus.CREATED]


class StatusRefused(Conflict):
    """The invoice cannot take this status now."""


def lock(tx: Session, invoice_id: int) -> Invoice:
    """Return the invoice with its row locked: the first lock of every money verb (reliability.md 3.4).

    The members of a bulk payment are locked with it; which they are never changes.
    """
    locked = tx.scalars(WITH_MEMBERS, {"invoice_id": invoice_id})
    return next(each for each in locked.all() if each.id == invoice_id)


def lock_all(tx: Session, ids: CompoundSelect[Any]) -> list[Invoice]:
    """Return these invoices locked, in the one order everybody uses, so that no two verbs wait for one another."""
    return list(tx.scalars(_locking(ids)))


def _locking(ids: CompoundSelect[Any]) -> Select[Invoice]:
    return (
        select(Invoice)
        .where(Invoice.id.in_(ids))
        .order_by(Invoice.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


# Made once: every money verb begins with it.
WITH_MEMBERS = _locking(
    select(Invoice.id)
    .where(Invoice.id == bindparam("invoice_id"))
    .union_all(select(BulkMember.member_id).where(BulkMember.parent_id == bindparam("invoice_id")))
)


def lock_all_of(tx: Session, *payment_ids: int, also: int = 0) -> None:
    """Lock every invoice that these payments are for or have money in, and this one, in the same one order."""
    own = select(Payment.invoice_id).where(Payment.id.in_(payment_ids), Payment.invoice_id.is_not(None))
    members = select(BulkMember.member_id).where(BulkMember.parent_id.in_(own))
    given = select(Allocation.invoice_id).where(
        Allocation.payment_id.in_(payment_ids), Allocation.reversed_at.is_(None)
    )
    lock_all(tx, own.union_all(members, given, select(literal(also))))


def lock_by_number(tx: Session, owns: tuple[int, ...], number: int) -> Invoice:
    """Return the caller's invoice, locked as `lock` does.

    Raises NotFound alike for a number nobody has and for somebody else's (security.md T29).
    """
    own = select(Invoice.id).where(*numbered(owns, number))
    members = select(BulkMember.member_id).where(BulkMember.parent_id.in_(own))
    found = [each for each in lock_all(tx, own.union_all(members)) if each.number == number]
    if not found:
        raise NotFound("invoice", number)
    return found[0]


def recompute(invoice: Invoice, today: date | None = None) -> InvoiceStatus:
    """Set and return the status that follows from the facts; the invoice must be locked.

    Who has decided by a day says which, so that no midnight comes between the decision and the status.
    What happens to a bulk payment happens to its members: theirs follow. Raises IllegalInvoiceEdge when the facts
    contradict the table of edges: a bug, so everything rolls back.
    """
    status = derive_status(_facts(invoice, today or today_of()))
    if status != invoice.status:
        check_edge(InvoiceStatus(invoice.status), status)
        invoice.status = status
    invoice.version += 1
    invoice.updated_at = func.now()
    session().flush()
    if invoice.kind == BULK:
        for member in _members(invoice.id):
            recompute(member, today)
    return status


def _members(parent_id: int) -> Sequence[Invoice]:
    in_it = select(BulkMember.member_id).where(BulkMember.parent_id == parent_id)
    return session().scalars(select(Invoice).where(Invoice.id.in_(in_it)).order_by(Invoice.id)).all()


def _facts(invoice: Invoice, today: date) -> InvoiceFacts:
    """Return what the status follows from; whether a payment is under way is asked only where nothing came yet."""
    holds = invoice.captured_minor > invoice.refunded_minor
    return InvoiceFacts(
        issued=invoice.issued_at is not None,
        cancelled=invoice.cancelled_at is not None,
        written_off=invoice.written_off_at is not None,
        open_dispute=invoice.disputed_minor > 0,
        ever_paid=invoice.paid_at is not None,
        total_minor=invoice.total_minor,
        captured_minor=invoice.captured_minor,
        refunded_minor=invoice.refunded_minor,
        lost_minor=invoice.lost_minor,
        credited_minor=invoice.credited_minor,
        has_active_payment=not holds and _has_payment_under_way(invoice.id),
        last_charge_failed=invoice.last_charge_error is not None,
        overdue=is_past_due(invoice, today),
    )


def is_past_due(invoice: Invoice, today: date) -> bool:
    """Return whether its day is over, or its service says so, whatever else its status tells (other-systems.md 7.1)."""
    return invoice.overdue_at is not None or (invoice.due_on is not None and invoice.due_on < today)


def is_paid_by(invoice_id: int) -> ColumnElement[bool]:
    """Return the condition that a payment is one for this invoice: its own, or that of a bulk payment it is in."""
    in_them = select(BulkMember.parent_id).where(BulkMember.member_id == invoice_id)
    return Payment.invoice_id.in_(select(literal(invoice_id)).union_all(in_them))


def _has_payment_under_way(invoice_id: int) -> bool:
    found = session().scalar(select(exists().where(is_paid_by(invoice_id), Payment.status.in_(UNDER_WAY))))
    return bool(found)
