"""Nightly comparisons with gateways: the latest, what differs, and everything about one difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, tuple_

from app.domain.errors import NotFound
from app.models.comparison import Comparison, Difference
from app.models.invoice import Invoice
from app.models.payment import Payment
from app.models.review_item import ReviewItem
from app.queries import actors
from app.queries.paging import PAGE_SIZE, Cursor
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

NIGHTS = 20


@dataclass(frozen=True, slots=True)
class Stake:
    """How many differences of a kind are open, and the money in doubt because of them, in minor units."""

    kind: str
    number: int
    at_stake_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Differences:
    """A page of them: each with the number of its invoice, if it has one."""

    rows: Sequence[tuple[Difference, int | None]]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class DifferenceDetail:
    """Everything one page says about a difference."""

    difference: Difference
    comparison: Comparison
    payment: Payment | None
    invoice: Invoice | None
    question_id: int | None
    names: dict[str, str]


def latest() -> Sequence[Comparison]:
    """Return the latest comparisons, newest first."""
    return session().scalars(select(Comparison).order_by(Comparison.id.desc()).limit(NIGHTS)).all()


def at_stake() -> list[Stake]:
    """Return the open differences by kind and currency, the most money first."""
    sum_ = func.sum(Difference.at_stake_minor)
    found = session().execute(
        select(Difference.kind, func.count(), sum_, Difference.currency)
        .where(Difference.mended_at.is_(None))
        .group_by(Difference.kind, Difference.currency)
        .order_by(sum_.desc(), Difference.kind)
    )
    return [Stake(kind, number, int(minor or 0), currency) for kind, number, minor, currency in found]


def search(kinds: Sequence[str], cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> Differences:
    """Return a page of what is open, the oldest first."""
    found = (
        select(Difference, Invoice.number)
        .join(Payment, Payment.id == Difference.payment_id, isouter=True)
        .join(Invoice, Invoice.id == Payment.invoice_id, isouter=True)
        .where(Difference.mended_at.is_(None))
        .order_by(Difference.created_at, Difference.id)
        .limit(size + 1)
    )
    if kinds:
        found = found.where(Difference.kind.in_(kinds))
    if cursor is not None:
        found = found.where(tuple_(Difference.created_at, Difference.id) > (cursor.created_at, cursor.id))
    rows = [(row[0], row[1]) for row in session().execute(found)]
    last = rows[size - 1][0] if len(rows) > size else None
    return Differences(rows[:size], Cursor(last.created_at, last.id) if last else None)


def detail(difference_id: int) -> DifferenceDetail:
    """Return everything about one difference in a fixed number of queries. Raises NotFound."""
    tx = session()
    difference = tx.get(Difference, difference_id, populate_existing=True)
    if difference is None:
        raise NotFound("difference", difference_id)
    payment = tx.get(Payment, difference.payment_id) if difference.payment_id else None
    asked = (ReviewItem.kind == f"difference.{difference.kind}", ReviewItem.dedupe_key == f"difference:{difference.id}")
    return DifferenceDetail(
        difference,
        tx.get_one(Comparison, difference.comparison_id),
        payment,
        tx.get(Invoice, payment.invoice_id) if payment and payment.invoice_id else None,
        tx.scalar(select(ReviewItem.id).where(*asked)),
        actors.names([difference.mended_by]),
    )
