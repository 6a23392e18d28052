"""Money on its way back: the list, and everything about one refund."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Select, Text, and_, bindparam, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.errors import NotFound
from app.domain.refund import RefundStatus
from app.domain.tallinn import TALLINN
from app.models.event import Event
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.models.invoice_search import InvoiceSearch
from app.models.payment import Payment
from app.models.refund import Refund
from app.queries import actors, money_moved
from app.queries.invoice_search import are_common, in_words, look_at, words_of
from app.queries.paging import COUNT_LIMIT, PAGE_SIZE, Count, Cursor, Page, next_cursor
from app.queries.session import session
from app.queries.timeline import Happening
from app.queries.typed_amount import amount_of, both_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement

LONGEST = 100
COUNTED = 1_000
LONGEST_ID = 18
OUTSIDE = "service"  # what came to a service itself, and goes back by its own hand
# Words of more invoices are common, and not looked up before; so many may have what is looked up by letters.
MOST_INVOICES = 10_000


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """What somebody is looking for; days are Tallinn's, both included; amounts in minor units, both included.

    `text` is a part of a number, words of the invoice such as its payer, the amount that goes back, or both together.
    """

    text: str = ""
    statuses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    created_from: date | None = None
    created_to: date | None = None
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
    made_outside_on: date | None
    bank_reference: str | None


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
    """Return a page of refunds, newest first, how many match and what they come to, unless they are too many to add."""
    asked = _conditions(wanted)
    found = [RefundRow(*row) for row in session().execute(_newest(rows(*asked), cursor).limit(size + 1))]
    count, sums = _added(wanted, asked)
    return Page(found[:size], next_cursor(found, size), count, sums)


def to_export(wanted: RefundFilter, cursor: Cursor | None, *, size: int) -> list[Any]:
    """Return the next rows of the list, newest first, with what a file has of them."""
    columns = select(
        Refund.id,
        Invoice.number,
        Initiator.code,
        Payment.gateway,
        Refund.status,
        func.coalesce(Invoice.customer_name, "").label("payer"),
        func.coalesce(Invoice.reference_number, "").label("reference"),
        Refund.reason,
        Refund.currency,
        Refund.amount_minor,
        Refund.created_at,
        Refund.finished_at,
        Refund.made_outside_on,
        Refund.bank_reference,
    )
    return list(session().execute(_newest(_joined(columns).where(*_conditions(wanted)), cursor).limit(size)))


def gateways() -> list[str]:
    """Return the gateways money can go back through, from the accounts of the books."""
    return [each for each in money_moved.gateways() if each != OUTSIDE]


def _newest(statement: Select[*tuple[Any, ...]], cursor: Cursor | None) -> Select[*tuple[Any, ...]]:
    if cursor is not None:
        statement = statement.where(tuple_(Refund.created_at, Refund.id) < (cursor.created_at, cursor.id))
    return statement.order_by(Refund.created_at.desc(), Refund.id.desc())


def _added(wanted: RefundFilter, asked: Sequence[ColumnElement[bool]]) -> tuple[Count, list[tuple[str, int]]]:
    """Return how many match, counted up to ten thousand, or a thousand where other tables are asked, and their sums."""
    is_joined = bool(wanted.services or wanted.gateways or wanted.text)
    limit = COUNTED if is_joined else COUNT_LIMIT
    each = select(Refund.currency, Refund.amount_minor)
    some = (_joined(each) if is_joined else each).where(*asked).limit(limit + 1).subquery().c
    question = select(some.currency, func.count(), func.sum(some.amount_minor)).group_by(some.currency)
    found = session().execute(question.order_by(some.currency)).all()
    count = Count.capped(sum(many for _currency, many, _minor in found), limit)
    return count, [] if count.is_capped else [(currency, int(minor)) for currency, _many, minor in found]


def to_approve(*, size: int = PAGE_SIZE) -> Page[RefundRow]:
    """Return the refunds that wait for a second person, the oldest first, and how many there are."""
    waiting = RefundFilter(statuses=(RefundStatus.PENDING_APPROVAL,))
    # Written into the statement: a prepared one with a parameter could not use the partial index.
    pending = Refund.status == literal(str(RefundStatus.PENDING_APPROVAL), Text, literal_execute=True)
    statement = rows(pending).order_by(Refund.created_at, Refund.id).limit(size)
    return Page([RefundRow(*row) for row in session().execute(statement)], None, _added(waiting, [pending])[0])


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
        Refund.made_outside_on,
        Refund.bank_reference,
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
    asked: list[ColumnElement[bool]] = [_meant(wanted.text)] if wanted.text else []
    if wanted.statuses:
        asked.append(Refund.status.in_(wanted.statuses))
    if wanted.services:
        asked.append(Initiator.code.in_(wanted.services))
    if wanted.gateways:
        asked.append(Payment.gateway.in_(wanted.gateways))
    if wanted.created_from:
        asked.append(Refund.created_at >= _begins(wanted.created_from))
    if wanted.created_to:
        asked.append(Refund.created_at < _begins(wanted.created_to + timedelta(days=1)))
    if wanted.least_minor is not None:
        asked.append(Refund.amount_minor >= wanted.least_minor)
    if wanted.most_minor is not None:
        asked.append(Refund.amount_minor <= wanted.most_minor)
    return asked


def _meant(text: str) -> ColumnElement[bool]:
    """Return whether a refund is meant by what was typed, in the ways an invoice is; an amount is what goes back."""
    amount, both = amount_of(text), both_of(text)
    if amount is not None:
        return Refund.amount_minor == amount
    if both is not None:
        with_amount = and_(Refund.amount_minor == both.minor, _of_invoices(both.words))
        return with_amount if both.is_sure else or_(with_amount, _of_invoices(text))
    is_id = text.isascii() and text.isdigit() and len(text) <= LONGEST_ID
    return or_(_of_invoices(text), Refund.id == int(text)) if is_id else _of_invoices(text)


def _of_invoices(text: str) -> ColumnElement[bool]:
    """Return whether the invoice of a refund is meant by words or numbers.

    Words that many invoices have are looked at in each refund's; of others the invoices are found first.
    """
    words = words_of(text)
    invoice = func.coalesce(Refund.invoice_id, Payment.invoice_id)
    if words and are_common(words):
        # With a limit it stays a look by key for each refund: joined, all invoices would be looked through.
        look = select(InvoiceSearch.invoice_id).where(InvoiceSearch.invoice_id == invoice, *look_at(words)).limit(1)
        return look.scalar_subquery().is_not(None)
    ids = list(session().scalars(select(Invoice.id).where(in_words(text)).limit(MOST_INVOICES)))
    these = bindparam("meant", ids, ARRAY(BigInteger), unique=True)
    credit = select(Payment.id).where(Payment.invoice_id == func.any(these))
    return or_(Refund.invoice_id == func.any(these), and_(Refund.invoice_id.is_(None), Refund.payment_id.in_(credit)))


def _begins(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=TALLINN)
