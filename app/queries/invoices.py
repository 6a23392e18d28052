"""Questions about invoices: the list, and everything about one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import Select, Text, func, literal, or_, select, tuple_
from sqlalchemy import cast as sql_cast

from app.domain.errors import NotFound
from app.domain.invoice import InvoiceStatus
from app.extensions import db
from app.models.initiator import Initiator
from app.models.invoice import Invoice, InvoiceLine
from app.models.outbox import OutboxRow
from app.models.payment import Payment
from app.models.review_item import ReviewItem
from app.models.settlement import Allocation
from app.queries import timeline
from app.queries.paging import COUNT_LIMIT, PAGE_SIZE, Count, Cursor, Page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from app.models.inbox import InboxMessage
    from app.queries.timeline import Booking, Happening

UNPAID = [InvoiceStatus.UNPAID, InvoiceStatus.OVERDUE, InvoiceStatus.PENDING, InvoiceStatus.CHARGED_WITH_ERROR]


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What somebody is looking for; empty parts ask for nothing."""

    text: str = ""
    statuses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return bool(self.text or self.statuses or self.services)


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


def search(wanted: InvoiceFilter, cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> Page[InvoiceRow]:
    """Return a page of invoices, newest first, and how many match, counted up to ten thousand."""
    statement = (
        _matching(wanted)
        .with_only_columns(
            Invoice.id,
            Invoice.number,
            Invoice.customer_name,
            Initiator.code,
            Invoice.reference_number,
            Invoice.status,
            Invoice.total_minor,
            Invoice.currency,
            Invoice.created_at,
        )
        .order_by(Invoice.created_at.desc(), Invoice.id.desc())
        .limit(size + 1)
    )
    if cursor is not None:
        statement = statement.where(tuple_(Invoice.created_at, Invoice.id) < (cursor.created_at, cursor.id))
    rows = [InvoiceRow(*row) for row in _session().execute(statement)]
    following = Cursor(rows[size - 1].created_at, rows[size - 1].id) if len(rows) > size else None
    return Page(rows[:size], following, count(wanted))


def count(wanted: InvoiceFilter) -> Count:
    """Return how many invoices match, counted up to ten thousand."""
    some = _matching(wanted).with_only_columns(Invoice.id).limit(COUNT_LIMIT + 1).subquery()
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


def _matching(wanted: InvoiceFilter) -> Select[Invoice]:
    statement = select(Invoice).join(Initiator, Initiator.id == Invoice.initiator_id)
    if wanted.statuses:
        statement = statement.where(Invoice.status.in_(wanted.statuses))
    if wanted.services:
        statement = statement.where(Initiator.code.in_(wanted.services))
    if wanted.text.isascii() and wanted.text.isdigit():
        # Digits only, written into the statement: a prepared one with a parameter could not use the prefix index.
        prefix = literal(f"{wanted.text}%", Text, literal_execute=True)
        statement = statement.where(
            or_(sql_cast(Invoice.number, Text).like(prefix), Invoice.reference_number == wanted.text)
        )
    elif wanted.text:
        statement = statement.where(func.lower(Invoice.customer_email).startswith(wanted.text.lower(), autoescape=True))
    return statement


def _session() -> Session:
    return cast("Session", db.session())
