"""Money that was over: whose it is, which payments made it, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, func, or_, select, text
from sqlalchemy.orm import aliased

from app.domain.errors import NotFound
from app.models.event import Event
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.models.payment import Payment
from app.models.refund import Refund
from app.models.settlement import Allocation, Settlement
from app.models.surplus import Surplus
from app.queries import actors
from app.queries.counting import count_up_to
from app.queries.paging import COUNT_LIMIT, PAGE_SIZE, Cursor, Page, next_cursor
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, TextClause

LEFT = "surplus.refunded_minor + surplus.applied_minor + surplus.lost_minor < surplus.amount_minor"


@dataclass(frozen=True, slots=True)
class CreditRow:
    """One line of the list: what is over, the payment it came with, and the one that had paid the invoice."""

    surplus: Surplus
    number: int | None
    payer: str
    service: str
    payment: Payment
    earlier: Payment | None


@dataclass(frozen=True, slots=True)
class CreditDetail:
    """Everything one page says about money that was over."""

    row: CreditRow
    refunds: Sequence[Refund]
    uses: Sequence[Use]
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class Use:
    """What another invoice took of it."""

    number: int | None
    amount_minor: int
    event: Event | None


def left(cursor: Cursor | None = None, *, account_id: int | None = None, size: int = PAGE_SIZE) -> Page[CreditRow]:
    """Return a page of what is still there, newest first, and how many there are, counted up to ten thousand.

    With an account only what is that payer's.
    """
    there = text(LEFT) if account_id is None else and_(text(LEFT), Surplus.account_id == account_id)
    found = _rows(there).order_by(Surplus.id.desc()).limit(size + 1)
    if cursor is not None:
        found = found.where(Surplus.id < cursor.id)
    rows = [CreditRow(*row) for row in session().execute(found)]
    following = next_cursor([row.surplus for row in rows], size)
    return Page(rows[:size], following, count_up_to(COUNT_LIMIT, select(Surplus.id).where(there)))


def detail(surplus_id: int) -> CreditDetail:
    """Return everything about it in a fixed number of queries. Raises NotFound."""
    tx = session()
    found = tx.execute(_rows().where(Surplus.id == surplus_id).execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("credit", surplus_id)
    row = CreditRow(*found)
    back = tx.scalars(
        select(Refund)
        .where(Refund.payment_id == row.payment.id, Refund.invoice_id.is_(None))
        .order_by(Refund.id)
        .execution_options(populate_existing=True)
    ).all()
    uses = _uses(row)
    who = [*(each.requested_by for each in back), *(f"operator:{use.event.actor}" for use in uses if use.event)]
    return CreditDetail(row, back, uses, actors.names(who))


def _uses(row: CreditRow) -> list[Use]:
    """Return what other invoices took: their allocations of this payment that a deed of applying credit made."""
    same = and_(
        Event.invoice_id == Allocation.invoice_id,
        Event.payment_id == Allocation.payment_id,
        Event.kind == "credit.applied",
    )
    found = session().execute(
        select(Invoice.number, Allocation.amount_minor, Event)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .join(Event, same)
        .where(Allocation.payment_id == row.payment.id, Allocation.reversed_at.is_(None))
        .order_by(Allocation.id)
    )
    return [Use(*each) for each in found]


def _rows(which: TextClause | ColumnElement[bool] | None = None) -> Select[*tuple[Any, ...]]:
    earlier = aliased(Payment)
    settled = and_(
        Settlement.invoice_id == Surplus.invoice_id,
        Settlement.reversed_at.is_(None),
        or_(Settlement.payment_id.is_(None), Settlement.payment_id != Surplus.payment_id),
    )
    statement = (
        select(Surplus, Invoice.number, func.coalesce(Invoice.customer_name, ""), Initiator.code, Payment, earlier)
        .join(Invoice, Invoice.id == Surplus.invoice_id)
        .join(Initiator, Initiator.id == Surplus.initiator_id)
        .join(Payment, Payment.id == Surplus.payment_id)
        .join(Settlement, settled, isouter=True)
        .join(earlier, earlier.id == Settlement.payment_id, isouter=True)
    )
    return statement if which is None else statement.where(which)
