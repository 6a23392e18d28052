"""Questions about invoices: the list, and everything about one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Select, func, or_, select

from app.domain.errors import NotFound
from app.domain.invoice import InvoiceStatus
from app.extensions import db
from app.models.initiator import Initiator
from app.models.invoice import Invoice, InvoiceLine
from app.models.invoice_search import InvoiceSearch
from app.models.outbox import OutboxRow
from app.models.payment import Payment
from app.models.review_item import ReviewItem
from app.models.settlement import Allocation
from app.queries import timeline
from app.queries.invoice_filter import InvoiceFilter, conditions, matching
from app.queries.invoice_words import is_only_words, of_quarter, words_of
from app.queries.paging import COUNT_LIMIT, EPOCH, PAGE_SIZE, Count, Page
from app.queries.sorting import Mark, Sort, ordered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from app.models.inbox import InboxMessage
    from app.queries.timeline import Booking, Happening

UNPAID = [InvoiceStatus.UNPAID, InvoiceStatus.OVERDUE, InvoiceStatus.PENDING, InvoiceStatus.CHARGED_WITH_ERROR]


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One line of the list."""

    id: int
    number: int | None
    payer: str
    service: str
    reference: str
    status: str
    total_minor: int
    currency: str
    created_at: datetime
    paid_at: datetime | None
    due_on: date | None
    kind: str
    email: str
    description: str
    captured_minor: int


SHOWN = (
    Invoice.id,
    Invoice.number,
    Invoice.customer_name,
    Initiator.code,
    Invoice.reference_number,
    Invoice.status,
    Invoice.total_minor,
    Invoice.currency,
    Invoice.created_at,
    Invoice.paid_at,
    Invoice.due_on,
    Invoice.kind,
    Invoice.customer_email,
    Invoice.description,
    Invoice.captured_minor,
)


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """Everything one page says about an invoice."""

    invoice: Invoice
    service: Initiator
    lines: Sequence[InvoiceLine]
    payments: Sequence[Payment]
    messages: Sequence[InboxMessage]
    happenings: Sequence[Happening]
    bookings: Sequence[Booking]
    deliveries: Sequence[OutboxRow]
    questions: Sequence[ReviewItem]


def search(
    wanted: InvoiceFilter, after: Mark | None = None, *, sort: Sort = Sort.NEWEST, size: int = PAGE_SIZE
) -> Page[InvoiceRow]:
    """Return a page of invoices in this order, and how many match, counted up to ten thousand."""
    rows = _recent(wanted, after, size) if sort is Sort.NEWEST and wanted.text else None
    if rows is None:
        rows = _rows(ordered(matching(wanted).with_only_columns(*SHOWN), sort, after, size))
    following = _mark(rows[size - 1], sort) if len(rows) > size else None
    return Page(rows[:size], following, count(wanted))


def _recent(wanted: InvoiceFilter, after: Mark | None, size: int) -> list[InvoiceRow] | None:
    """Return a whole page from the quarter it begins in, or None when it is not filled from there (performance.md B).

    A common word fills its page from a few hundred rows of one quarter; a rare one is quickly found in all of them.
    """
    words = words_of(wanted.text)
    if not words or not is_only_words(wanted.text):
        return None
    begin = after.moment if after else datetime.now(UTC)
    quarter = begin.astimezone(UTC).year * 4 + (begin.astimezone(UTC).month + 2) // 3
    found = (
        select(*SHOWN)
        .join(Initiator, Initiator.id == Invoice.initiator_id)
        .join(InvoiceSearch, InvoiceSearch.invoice_id == Invoice.id)
        .where(*conditions(wanted), *of_quarter(quarter, words))
    )
    rows = _rows(ordered(found, Sort.NEWEST, after, size))
    return rows if len(rows) > size else None


def _rows(found: Select[Any]) -> list[InvoiceRow]:
    return [InvoiceRow(*row) for row in _session().execute(found)]


def _mark(row: InvoiceRow, sort: Sort) -> Mark:
    value = {"created": row.created_at, "amount": row.total_minor, "paid": row.paid_at or EPOCH}[sort.by]
    return Mark.of(value, row.id)


def count(wanted: InvoiceFilter) -> Count:
    """Return how many invoices match, counted up to ten thousand."""
    some = matching(wanted).with_only_columns(Invoice.id).limit(COUNT_LIMIT + 1).subquery()
    number = _session().scalar(select(func.count()).select_from(some)) or 0
    return Count(min(number, COUNT_LIMIT), number > COUNT_LIMIT)


def services() -> Sequence[str]:
    """Return the codes of the services that send invoices."""
    return _session().scalars(select(Initiator.code).order_by(Initiator.code)).all()


def detail(number: int) -> InvoiceDetail:
    """Return everything about one invoice in a fixed number of queries. Raises NotFound."""
    invoice, service = _one(number)
    tx = _session()
    payments = tx.scalars(_payments_of(invoice.id)).all()
    messages = timeline.messages_about(payments)
    return InvoiceDetail(
        invoice=invoice,
        service=service,
        lines=tx.scalars(
            select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
        ).all(),
        payments=payments,
        messages=messages,
        happenings=timeline.of_invoice(invoice.id, messages),
        bookings=timeline.bookings_of(invoice.id),
        deliveries=deliveries_of(invoice.id),
        questions=tx.scalars(
            select(ReviewItem)
            .where(ReviewItem.invoice_id == invoice.id, ReviewItem.resolved_at.is_(None))
            .order_by(ReviewItem.id)
        ).all(),
    )


def deliveries_of(invoice_id: int) -> Sequence[OutboxRow]:
    """Return what we owed or owe to the service about this invoice, newest first."""
    return (
        _session()
        .scalars(
            select(OutboxRow)
            .where(OutboxRow.invoice_id == invoice_id, OutboxRow.kind.startswith("initiator."))
            .order_by(OutboxRow.id.desc())
        )
        .all()
    )


def _one(number: int) -> tuple[Invoice, Initiator]:
    found = (
        _session()
        .execute(
            select(Invoice, Initiator)
            .join(Initiator, Initiator.id == Invoice.initiator_id)
            .where(Invoice.number == number)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("invoice", number)
    invoice, service = found
    return invoice, service


def _payments_of(invoice_id: int) -> Select[Payment]:
    """Return the tries to pay this invoice, a collective payment that gave it a part included, newest first."""
    given = select(Allocation.payment_id).where(Allocation.invoice_id == invoice_id)
    return (
        select(Payment).where(or_(Payment.invoice_id == invoice_id, Payment.id.in_(given))).order_by(Payment.id.desc())
    )


def _session() -> Session:
    return cast("Session", db.session())
