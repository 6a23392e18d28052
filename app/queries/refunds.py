"""Money on its way back: the list, and everything about one refund."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, func, literal, select, tuple_

from app.domain.errors import NotFound
from app.domain.refund import RefundStatus
from app.domain.tallinn import TALLINN
from app.models.event import Event
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.models.payment import Payment
from app.models.refund import Refund
from app.queries import actors
from app.queries.counting import count_up_to
from app.queries.paging import COUNT_LIMIT, PAGE_SIZE, Count, Cursor, Page, next_cursor
from app.queries.session import session
from app.queries.timeline import Happening

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement

LONGEST = 100
COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """What somebody is looking for; days are Tallinn's, both included; amounts in minor units, both included."""

    statuses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    least_minor: int | None = None
    most_minor: int | None = None

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return self != RefundFilter()


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One line of the list; without `of_credit` it is money an invoice took."""

    id: int
    number: int | None
    payer: str
    service: str
    status: str
    reason: str
    requested_by: str
    amount_minor: int
    currency: str
    created_at: datetime
    of_credit: bool


@dataclass(frozen=True, slots=True)
class RefundDetail:
    """Everything one page says about a refund; `names` are those of the people in it."""

    refund: Refund
    payment: Payment
    invoice: Invoice | None
    service: Initiator
    happenings: Sequence[Happening]
    names: dict[str, str]


def search(wanted: RefundFilter, cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> Page[RefundRow]:
    """Return a page of refunds, newest first, and how many match, counted up to ten thousand."""
    statement = rows(*_conditions(wanted)).order_by(Refund.created_at.desc(), Refund.id.desc()).limit(size + 1)
    if cursor is not None:
        statement = statement.where(tuple_(Refund.created_at, Refund.id) < (cursor.created_at, cursor.id))
    found = [RefundRow(*row) for row in session().execute(statement)]
    return Page(found[:size], next_cursor(found, size), count(wanted))


def count(wanted: RefundFilter) -> Count:
    """Return how many refunds match, counted up to ten thousand; of some services, up to a thousand."""
    # Payments and services are joined only where a service is asked for.
    ids = select(Refund.id)
    if wanted.services:
        ids = ids.join(Payment, Payment.id == Refund.payment_id).join(Initiator, Initiator.id == Payment.initiator_id)
    return count_up_to(COUNTED if wanted.services else COUNT_LIMIT, ids.where(*_conditions(wanted)))


def to_approve(*, size: int = PAGE_SIZE) -> Page[RefundRow]:
    """Return the refunds that wait for a second person, the oldest first, and how many there are."""
    waiting = RefundFilter(statuses=(RefundStatus.PENDING_APPROVAL,))
    # Written into the statement: a prepared one with a parameter could not use the partial index.
    pending = Refund.status == literal(str(RefundStatus.PENDING_APPROVAL), Text, literal_execute=True)
    statement = rows(pending).order_by(Refund.created_at, Refund.id).limit(size)
    return Page([RefundRow(*row) for row in session().execute(statement)], None, count(waiting))


def some(ids: Collection[int]) -> list[RefundRow]:
    """Return these refunds, the oldest first; those that do not exist are left out."""
    return [RefundRow(*row) for row in session().execute(rows(Refund.id.in_(ids)).order_by(Refund.id))]


def rows(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query for lines of a list, in no order yet."""
    columns = select(
        Refund.id,
        Invoice.number,
        func.coalesce(Invoice.customer_name, ""),
        Initiator.code,
        Refund.status,
        Refund.reason,
        Refund.requested_by,
        Refund.amount_minor,
        Refund.currency,
        Refund.created_at,
        Refund.invoice_id.is_(None),
    )
    return _joined(columns).where(*conditions)


def detail(refund_id: int) -> RefundDetail:
    """Return everything about one refund in a fixed number of queries. Raises NotFound."""
    found = (
        session()
        .execute(
            _joined(select(Refund, Payment, Invoice, Initiator))
            .where(Refund.id == refund_id)
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("refund", refund_id)
    refund, payment, invoice, service = (found[0], found[1], found[2], found[3])
    told = _told(refund, invoice)
    who = [refund.requested_by, refund.approved_by, *(f"{each.actor_kind}:{each.actor}" for each in told)]
    return RefundDetail(refund, payment, invoice, service, told, actors.names(who))


def _told(refund: Refund, invoice: Invoice | None) -> list[Happening]:
    if invoice is None:
        return []
    events = session().scalars(
        select(Event)
        .where(Event.invoice_id == invoice.id, Event.data["refund"].as_integer() == refund.id)
        .order_by(Event.id.desc())
        .limit(LONGEST)
    )
    return [
        Happening(each.created_at, each.kind, each.actor_kind, each.actor, each.reason, each.data) for each in events
    ]


def _joined(columns: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        columns.select_from(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Initiator, Initiator.id == Payment.initiator_id)
        .join(Invoice, Invoice.id == func.coalesce(Refund.invoice_id, Payment.invoice_id), isouter=True)
    )


def _conditions(wanted: RefundFilter) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.statuses:
        asked.append(Refund.status.in_(wanted.statuses))
    if wanted.services:
        asked.append(Initiator.code.in_(wanted.services))
    if wanted.since:
        asked.append(Refund.created_at >= _begins(wanted.since))
    if wanted.until:
        asked.append(Refund.created_at < _begins(wanted.until + timedelta(days=1)))
    if wanted.least_minor is not None:
        asked.append(Refund.amount_minor >= wanted.least_minor)
    if wanted.most_minor is not None:
        asked.append(Refund.amount_minor <= wanted.most_minor)
    return asked


def _begins(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=TALLINN)
