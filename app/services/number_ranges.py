"""Adding the range of numbers that follows when the one in use is full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from app.domain.errors import Conflict, Invalid
from app.models.invoice import Invoice
from app.models.number_range import NumberRange
from app.services import timeline
from app.services.invoices import HIGHEST_NUMBER
from app.uow import retried, transaction

if TYPE_CHECKING:
    from app.services.timeline import Actor

__all__ = ["HIGHEST_NUMBER", "KINDS", "MOST", "Overlap", "add"]

KINDS = ("invoice", "deposit", "monthly", "credit_note")
MOST = 10_000_000


class Overlap(Conflict):
    """Some of these numbers belong to another range, or are on an invoice already."""


@retried
def add(kind: str, first: int, last: int, *, actor: Actor, reason: str) -> int:
    """Add a range that waits until those of its kind before it are full; returns its id.

    Raises Invalid naming `kind`, `first` or `last`, Overlap.
    """
    _check(kind, first, last)
    with transaction() as tx:
        # Everybody who adds a range takes turns at the ranges that are there; the database refuses overlaps as well.
        there = tx.scalars(select(NumberRange).order_by(NumberRange.id).with_for_update(key_share=True)).all()
        if any(first <= each.last_number and each.first_number <= last for each in there):
            raise Overlap
        if tx.scalar(select(Invoice.id).where(Invoice.tenant_id == 1, Invoice.number.between(first, last)).limit(1)):
            raise Overlap
        bounds = {"first_number": first, "last_number": last, "next_number": first}
        made = tx.execute(
            insert(NumberRange)
            .values(kind=kind, active=False, **bounds)
            .returning(NumberRange.id, NumberRange.tenant_id)
        ).one()
        data = {"range": kind, "id": made.id, "first": first, "last": last}
        timeline.record("number_range.added", actor=actor, reason=reason, data=data, tenant_id=made.tenant_id)
    return int(made.id)


def _check(kind: str, first: int, last: int) -> None:
    if kind not in KINDS:
        raise Invalid.field("kind", f"must be one of {', '.join(KINDS)}")
    if not 1 <= first <= HIGHEST_NUMBER:
        raise Invalid.field("first", f"must be from 1 to {HIGHEST_NUMBER}")
    if not first <= last <= min(HIGHEST_NUMBER, first + MOST - 1):
        raise Invalid.field("last", f"must not be below the first, and the range at most {MOST} numbers long")
