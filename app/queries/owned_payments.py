"""Payments and refunds as their services may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select, tuple_, union_all

from app.models.bulk import BulkMember
from app.models.invoice import Invoice
from app.models.payment import Payment
from app.models.refund import Refund
from app.models.settlement import Allocation
from app.queries.keyset import Slice, cut, newest
from app.queries.lookup import one
from app.queries.own_numbers import numbered
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import CompoundSelect

    from app.queries.paging import Cursor


@dataclass(frozen=True, slots=True)
class OwnedPaymentFilter:
    """What a service is looking for among payments or refunds; `created_to` is not included."""

    statuses: tuple[str, ...] = ()
    invoice: int | None = None
    payment: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None


def search(owns: Sequence[int], wanted: OwnedPaymentFilter, cursor: Cursor | None, size: int) -> Slice[Payment]:
    """Return a page of the payments of these initiators, newest first.

    Those of an invoice are those that its `expand=payments` shows.
    """
    conditions = _times(Payment, wanted)
    if wanted.invoice is not None:
        conditions.append(Payment.id.in_(_for_invoice(owns, wanted.invoice)))
    return newest(Payment, owns, conditions, cursor, size)


def _for_invoice(owns: Sequence[int], number: int) -> CompoundSelect[int]:
    """Return the payments that were made for an invoice, gave to it, or were begun for it and others together."""
    of = select(Invoice.id).where(*numbered(owns, number))
    for_it = select(Payment.id).where(Payment.invoice_id.in_(of))
    gave = select(Allocation.payment_id).where(Allocation.invoice_id.in_(of))
    together = (
        select(Payment.id)
        .join(BulkMember, BulkMember.parent_id == Payment.invoice_id)
        .where(BulkMember.member_id.in_(of), BulkMember.released_at.is_(None))
    )
    return union_all(for_it, gave, together)


def by_token(owns: Sequence[int], token: str) -> Payment:
    """Return one payment. Raises NotFound alike for what nobody has and what somebody else has."""
    found = select(Payment).where(Payment.public_token == token, Payment.initiator_id.in_(owns))
    return one(found, "payment", token)


def by_id(payment_id: int) -> Payment:
    """Return a payment this house has just made."""
    return session().get_one(Payment, payment_id, populate_existing=True)


def search_refunds(owns: Sequence[int], wanted: OwnedPaymentFilter, cursor: Cursor | None, size: int) -> Slice[Refund]:
    """Return a page of the refunds of these initiators' payments, newest first.

    Those of an invoice are those that go off it, and all of a payment that was made for it.
    """
    conditions = _times(Refund, wanted)
    if cursor is not None:
        conditions.append(tuple_(Refund.created_at, Refund.id) < (cursor.created_at, cursor.id))
    if wanted.payment:
        conditions.append(Payment.public_token == wanted.payment)
    if wanted.invoice is not None:
        conditions.append(Refund.id.in_(_of_invoice(owns, wanted.invoice)))
    rows = session().scalars(
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.initiator_id.in_(owns), *conditions)
        .order_by(Refund.created_at.desc(), Refund.id.desc())
        .limit(size + 1)
    )
    return cut(list(rows), size)


def _of_invoice(owns: Sequence[int], number: int) -> CompoundSelect[int]:
    """Return the refunds of an invoice, one way after the other along an index of its own."""
    of = select(Invoice.id).where(*numbered(owns, number))
    its_own = select(Refund.id).where(Refund.invoice_id.in_(of))
    of_payment = select(Refund.id).join(Payment, Payment.id == Refund.payment_id).where(Payment.invoice_id.in_(of))
    return union_all(its_own, of_payment)


def refund_by_token(owns: Sequence[int], token: str) -> Refund:
    """Return one refund. Raises NotFound alike for what nobody has and what somebody else has."""
    found = (
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.public_token == token, Payment.initiator_id.in_(owns))
    )
    return one(found, "refund", token)


def refund_by_id(refund_id: int) -> Refund:
    """Return a refund this house has just made."""
    return session().get_one(Refund, refund_id, populate_existing=True)


def of_refunds(refunds: Sequence[Refund]) -> dict[int, Payment]:
    """Return the payments these refunds give back, by id."""
    ids = {each.payment_id for each in refunds}
    return {each.id: each for each in session().scalars(select(Payment).where(Payment.id.in_(ids)))}


def _times(model: type[Payment | Refund], wanted: OwnedPaymentFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.statuses:
        found.append(model.status.in_(wanted.statuses))
    if wanted.created_from is not None:
        found.append(model.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        found.append(model.created_at < wanted.created_to)
    return found
