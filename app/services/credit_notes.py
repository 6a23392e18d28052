"""Credit notes: documents that take back an invoice or a part of it; what was paid for it is the payer's credit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain import ledger as books
from app.domain.credit_note import Room, credit_of, split
from app.domain.draft import ChangedMeanwhile
from app.domain.errors import Conflict, NotFound
from app.domain.invoice import InvoiceStatus
from app.domain.money import Money, format_amount
from app.models.base import DEFAULT_TENANT
from app.models.credit_note import CreditNote, CreditNoteLine, CreditNoteVat
from app.models.invoice import BULK, DEPOSIT, Invoice
from app.models.payment import Payment
from app.models.settlement import Allocation
from app.queries import credit_notes as credit_note_queries
from app.services import competing_attempts, credited_money, ledger, links, notices, timeline
from app.services.cancellation import money_on_its_way
from app.services.invoice_status import lock, lock_all_of, recompute
from app.services.numbering import use_next
from app.services.settlement import settle_by_credit_note
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from app.domain.credit_note import Credit
    from app.domain.ports import LinkSigner
    from app.services.timeline import Actor

S = InvoiceStatus
# A draft is changed, a cancelled invoice owes nothing; disputes and write-offs are decided first.
CREDITABLE = {
    S.UNPAID, S.PENDING, S.CHARGED_WITH_ERROR, S.OVERDUE, S.PARTIALLY_PAID, S.PAID, S.PARTIALLY_REFUNDED, S.REFUNDED,
}  # fmt: skip


class CreditRefused(Conflict):
    """This invoice takes no credit note now."""


@dataclass(frozen=True, slots=True)
class CreditOrder:
    """What is to be taken off which lines (by position, without tax, in minor units), why, under which key.

    `seen_minor` is what was left to take back, with tax, when somebody decided.
    """

    wanted: Mapping[int, int]
    reason: str
    key: str
    seen_minor: int


@dataclass(frozen=True, slots=True)
class IssuedCredit:
    """A credit note as it was issued, and where its amount came from, in minor units."""

    number: int
    total: Money
    room: Room


@retried
def issue(
    number: int,
    order: CreditOrder,
    *,
    actor: Actor,
    signer: LinkSigner | None = None,
    tenant_id: int = DEFAULT_TENANT,
) -> IssuedCredit:
    """Issue a credit note for an invoice; the same key again returns the same one.

    Raises NotFound, CreditRefused, CreditTooLarge, ChangedMeanwhile, Invalid, NumberRangeExhausted.
    """
    with transaction() as tx:
        invoice = _locked(tx, tenant_id, number)
        of_key = (CreditNote.tenant_id == tenant_id, CreditNote.idempotency_key == order.key)
        known = tx.scalars(select(CreditNote).where(*of_key)).one_or_none()
        if known is not None:
            return _same(known, invoice)
        check(invoice)
        left = credit_note_queries.left_of(invoice)
        if left.total_minor != order.seen_minor:
            raise ChangedMeanwhile(code="changed_meanwhile")
        credit = credit_of(left, order.wanted)
        _check_moment(tx, invoice, credit)
        room = split(credit.total_minor, credited_money.room_of(invoice))
        note = _write(tx, invoice, credit, room, order, actor)
        _book(invoice, note, actor)
        _follow(invoice, note, actor, signer)
        return _view(note)


def check(invoice: Invoice) -> None:
    """Raise CreditRefused when this invoice takes no credit note, and say what to do instead."""
    if invoice.kind in {BULK, DEPOSIT}:
        raise CreditRefused(f"Invoice {invoice.number} is of the kind {invoice.kind}", code="credit_kind")
    if invoice.status not in CREDITABLE:
        raise CreditRefused(f"Invoice {invoice.number} is {invoice.status}", code="credit_status")


def _locked(tx: Session, tenant_id: int, number: int) -> Invoice:
    """Return the invoice locked, and after it every payment with money in it, in the order everybody uses."""
    invoice_id = tx.scalar(select(Invoice.id).where(Invoice.tenant_id == tenant_id, Invoice.number == number))
    if invoice_id is None:
        raise NotFound("invoice", number)
    given = select(Allocation.payment_id).where(Allocation.invoice_id == invoice_id, Allocation.reversed_at.is_(None))
    lock_all_of(tx, *tx.scalars(given).all(), also=invoice_id)
    invoice = lock(tx, invoice_id)
    tx.scalars(
        select(Payment)
        .where(Payment.id.in_(given))
        .order_by(Payment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return invoice


def _check_moment(tx: Session, invoice: Invoice, credit: Credit) -> None:
    """Refuse to take back all that is still to come while its payer is paying it."""
    if invoice.paid_at is None and credit.total_minor >= invoice.open_minor and money_on_its_way(tx, invoice.id):
        raise CreditRefused(f"Invoice {invoice.number} is being paid at this moment", code="credit_moment")


def _write(  # noqa: PLR0917 - one document
    tx: Session, invoice: Invoice, credit: Credit, room: Room, order: CreditOrder, actor: Actor
) -> CreditNote:
    note = CreditNote(
        tenant_id=invoice.tenant_id,
        number=use_next(tx, "credit_note", initiator_id=invoice.initiator_id, tenant_id=invoice.tenant_id),
        invoice_id=invoice.id,
        currency=invoice.currency,
        net_minor=credit.net_minor,
        tax_minor=credit.tax_minor,
        total_minor=credit.total_minor,
        open_minor=room.open_minor,
        held_minor=room.held_minor,
        returned_minor=room.returned_minor,
        reason=order.reason,
        issued_by=str(actor),
        idempotency_key=order.key,
    )
    tx.add(note)
    tx.flush()
    of_note = {"tenant_id": invoice.tenant_id, "credit_note_id": note.id}
    for each in credit.lines:
        line = each.line
        tx.add(
            CreditNoteLine(
                **of_note,
                position=line.position,
                description=line.description,
                net_minor=each.net_minor,
                vat_code=line.vat_code,
            )
        )
    for rate in credit.vat:
        tx.add(
            CreditNoteVat(
                **of_note,
                code=rate.code,
                category=rate.category,
                basis_points=rate.basis_points,
                taxable_minor=rate.taxable_minor,
                tax_minor=rate.tax_minor,
            )
        )
    return note


def _book(invoice: Invoice, note: CreditNote, actor: Actor) -> None:
    """Give paid money to the payers' credit, and take the sale back by as much as was not given back before."""
    freed = credited_money.free(invoice, note.held_minor, note.number)
    if freed and invoice.paid_at is None:
        recompute(invoice)  # a part that came is off it again, before the rest is taken back (other-systems.md 7.1)
    invoice.credited_minor += note.open_minor + note.held_minor
    ledger.post(
        "invoice.credited",
        f"credit_note:{note.id}",
        books.credited(
            notices.initiator_code(invoice.initiator_id),
            Money(note.open_minor, note.currency),
            [(notices.initiator_code(each.initiator_id), Money(each.amount_minor, note.currency)) for each in freed],
        ),
        invoice_id=invoice.id,
        tenant_id=invoice.tenant_id,
    )
    parts = {"open": note.open_minor, "held": note.held_minor, "returned": note.returned_minor}
    timeline.record(
        "invoice.credited",
        actor=actor,
        invoice_id=invoice.id,
        reason=note.reason,
        data={
            "credit_note": note.number,
            "amount": format_amount(Money(note.total_minor, note.currency)),
            "currency": note.currency,
            **{name: format_amount(Money(minor, note.currency)) for name, minor in parts.items()},
        },
        tenant_id=invoice.tenant_id,
    )


def _follow(invoice: Invoice, note: CreditNote, actor: Actor, signer: LinkSigner | None) -> None:
    """Let the invoice's status and link follow from what is asked for now."""
    initiator = notices.initiator_code(invoice.initiator_id)
    if invoice.paid_at is None and not invoice.open_minor:
        if invoice.captured_minor > invoice.refunded_minor:
            settle_by_credit_note(invoice, actor=actor)
            return
        invoice.cancelled_at = datetime.now(UTC)
        invoice.cancel_reason = f"credit note {note.number}"
        competing_attempts.close(invoice, because=competing_attempts.INVOICE_CANCELLED)
        recompute(invoice)
        timeline.record(
            "invoice.cancelled",
            actor=actor,
            invoice_id=invoice.id,
            reason=invoice.cancel_reason,
            tenant_id=invoice.tenant_id,
        )
        notices.owe_cancelled(invoice, initiator)
        return
    if invoice.open_minor and invoice.payment_link and signer is not None:
        invoice.payment_link = links.sign(invoice, initiator, signer)
    recompute(invoice)


def _same(known: CreditNote, invoice: Invoice) -> IssuedCredit:
    if known.invoice_id != invoice.id:
        raise CreditRefused("This form belongs to another invoice", code="credit_key")
    return _view(known)


def _view(note: CreditNote) -> IssuedCredit:
    room = Room(note.open_minor, note.returned_minor, note.held_minor)
    return IssuedCredit(note.number, Money(note.total_minor, note.currency), room)
