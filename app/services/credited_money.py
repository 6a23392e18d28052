"""Money that was paid for what a credit note takes back: it leaves the invoice and is the payer's credit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.domain.credit_note import Room
from app.domain.money import Money, format_amount
from app.models.credit_note import CreditNote
from app.models.payment import Payment
from app.models.settlement import Allocation
from app.models.surplus import Surplus
from app.services import reviews
from app.services.money_held import disputed_minor, held_by, reserved_minor, surplus_of
from app.uow import session

if TYPE_CHECKING:
    from app.models.invoice import Invoice

QUESTION = "payment.surplus"


@dataclass(frozen=True, slots=True)
class Freed:
    """What of one payment is the payer's credit now, at which service, in minor units."""

    initiator_id: int
    amount_minor: int


def room_of(invoice: Invoice) -> Room:
    """Return where a credit note may take from; the invoice and its payments are locked."""
    noted = session().scalar(select(func.sum(CreditNote.returned_minor)).where(CreditNote.invoice_id == invoice.id))
    return Room(
        open_minor=0 if invoice.paid_at or invoice.cancelled_at else invoice.open_minor,
        returned_minor=max(invoice.refunded_minor - int(noted or 0), 0),
        held_minor=sum(free for _allocation, _payment, free in _free_parts(invoice)),
    )


def free(invoice: Invoice, amount_minor: int, note: int) -> list[Freed]:
    """Take so much of what was paid off the invoice, the latest payment first, and keep it as credit of its payers."""
    left, freed = amount_minor, []
    for allocation, payment, available in _free_parts(invoice):
        taken = min(left, available)
        if taken:
            _take(invoice, allocation, taken)
            _keep(invoice, payment, taken, note)
            freed.append(Freed(payment.initiator_id, taken))
            left -= taken
    assert not left  # noqa: S101 - the room was computed under the same locks
    return freed


def _free_parts(invoice: Invoice) -> list[tuple[Allocation, Payment, int]]:
    """Return what each payment gave the invoice and no refund or dispute holds, the latest first."""
    rows = session().execute(
        select(Allocation, Payment)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.invoice_id == invoice.id, Allocation.reversed_at.is_(None))
        .order_by(Allocation.id.desc())
    )
    parts = []
    for allocation, payment in rows.all():
        held = held_by(payment, invoice.id)
        free_minor = held - reserved_minor(payment.id, invoice.id) - disputed_minor(payment.id, invoice.id)
        if free_minor > 0:
            parts.append((allocation, payment, free_minor))
    return parts


def _take(invoice: Invoice, allocation: Allocation, taken: int) -> None:
    """Reverse what was given and give the rest anew: what was given once is never written over."""
    allocation.reversed_at = datetime.now(UTC)
    invoice.captured_minor -= taken
    session().flush()
    rest = allocation.amount_minor - taken
    if rest:
        session().add(
            Allocation(
                tenant_id=allocation.tenant_id,
                payment_id=allocation.payment_id,
                invoice_id=allocation.invoice_id,
                amount_minor=rest,
            )
        )
        session().flush()


def _keep(invoice: Invoice, payment: Payment, taken: int, note: int) -> None:
    surplus = surplus_of(payment.id, locked=True)
    if surplus is None:
        surplus = Surplus(
            tenant_id=payment.tenant_id,
            payment_id=payment.id,
            invoice_id=invoice.id,
            initiator_id=payment.initiator_id,
            account_id=invoice.account_id,
            amount_minor=taken,
            currency=payment.currency,
        )
        session().add(surplus)
    else:
        surplus.amount_minor += taken
    session().flush()
    session().refresh(surplus)
    amount, left = Money(taken, payment.currency), Money(surplus.left_minor, payment.currency)
    sentence = (
        f"Credit note {note} took back {format_amount(amount)} {amount.currency} that was paid: refund it or use it "
        "for another invoice"
    )
    evidence = {"credit_note": note, "surplus": format_amount(left), "currency": left.currency}
    key = f"payment:{payment.id}"
    asked = reviews.ask(
        QUESTION,
        key,
        sentence,
        invoice_id=invoice.id,
        payment_id=payment.id,
        evidence=evidence,
        tenant_id=payment.tenant_id,
    )
    if not asked:
        reviews.ask_again(QUESTION, key, sentence, evidence)
