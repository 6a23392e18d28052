"""Everything about one invoice, in a fixed number of questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Select, select

from app.domain.errors import NotFound
from app.models.base import DEFAULT_TENANT
from app.models.dispute import Dispute
from app.models.initiator import Initiator
from app.models.invoice import Invoice, InvoiceLine, InvoiceVat
from app.models.outbox import OutboxRow
from app.models.payment import Payment
from app.models.refund import Refund
from app.models.review_item import ReviewItem
from app.models.settlement import Allocation
from app.queries import actors, credit_notes, timeline
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.models.credit_note import CreditNote
    from app.models.inbox import InboxMessage
    from app.queries.timeline import Booking, Happening


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
    vat: Sequence[InvoiceVat]
    credit_notes: Sequence[CreditNote]
    refunds: Sequence[Refund]
    disputes: Sequence[Dispute]
    names: dict[str, str]


def detail(number: int) -> InvoiceDetail:
    """Return everything about one invoice in a fixed number of queries. Raises NotFound."""
    invoice, service = _one(number)
    tx = session()
    payments = tx.scalars(_payments_of(invoice.id)).all()
    messages = timeline.messages_about(payments)
    happenings = timeline.of_invoice(invoice.id, messages)
    of_payments = [each.id for each in payments]
    return InvoiceDetail(
        invoice=invoice,
        service=service,
        lines=tx.scalars(
            select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
        ).all(),
        payments=payments,
        messages=messages,
        happenings=happenings,
        bookings=timeline.bookings_of(invoice.id),
        deliveries=deliveries_of(invoice.id),
        questions=tx.scalars(
            select(ReviewItem)
            .where(ReviewItem.invoice_id == invoice.id, ReviewItem.resolved_at.is_(None))
            .order_by(ReviewItem.id)
        ).all(),
        vat=tx.scalars(
            select(InvoiceVat)
            .where(InvoiceVat.invoice_id == invoice.id)
            .order_by(InvoiceVat.basis_points.desc(), InvoiceVat.code)
        ).all(),
        credit_notes=credit_notes.of_invoice(invoice.id),
        refunds=tx.scalars(select(Refund).where(Refund.payment_id.in_(of_payments)).order_by(Refund.id.desc())).all(),
        disputes=tx.scalars(
            select(Dispute).where(Dispute.payment_id.in_(of_payments)).order_by(Dispute.id.desc())
        ).all(),
        names=actors.names_by_id({each.actor for each in happenings if each.actor_kind == "operator"}),
    )


def by_number(number: int) -> Invoice:
    """Return one invoice as it is now. Raises NotFound."""
    return _one(number)[0]


def deliveries_of(invoice_id: int) -> Sequence[OutboxRow]:
    """Return what we owed or owe to the service about this invoice, newest first."""
    return (
        session()
        .scalars(
            select(OutboxRow)
            .where(OutboxRow.invoice_id == invoice_id, OutboxRow.kind.startswith("initiator."))
            .order_by(OutboxRow.id.desc())
        )
        .all()
    )


def _one(number: int) -> tuple[Invoice, Initiator]:
    found = (
        session()
        .execute(
            select(Invoice, Initiator)
            .join(Initiator, Initiator.id == Invoice.initiator_id)
            .where(Invoice.tenant_id == DEFAULT_TENANT, Invoice.number == number)
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("invoice", number)
    invoice, service = found
    return invoice, service


def _payments_of(invoice_id: int) -> Select[Payment]:
    """Return the tries to pay this invoice, a bulk payment that gave it a part included, newest first."""
    own = select(Payment.id).where(Payment.invoice_id == invoice_id)
    given = select(Allocation.payment_id).where(Allocation.invoice_id == invoice_id)
    return select(Payment).where(Payment.id.in_(own.union(given))).order_by(Payment.id.desc())
