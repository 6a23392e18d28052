"""Invoices billing makes by itself, with a number of the deposit range: deposits and bulk payments (eis.md 7.2)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, update

from app.domain import ledger as books
from app.domain.errors import Invalid
from app.domain.money import format_amount
from app.models.invoice import BULK, Invoice
from app.models.number_range import NumberReservation
from app.services import ledger, search, timeline
from app.services.numbering import take_deposit_number
from app.services.timeline import Actor

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.domain.money import Money
    from app.services.initiators import Caller


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """What is to be paid to whom, and in which words; `told` goes on its first line of the timeline."""

    initiator_code: str
    kind: str
    amount: Money
    description: str
    reference_number: str = ""
    told: dict[str, Any] = field(default_factory=dict)


def owner_id(caller: Caller, code: str) -> int:
    """Return the id of the initiator `custom_field2` names. Raises Invalid unless it is the caller or acted for."""
    if code not in caller.codes:
        raise Invalid.field("custom_field2", f"must be one of: {', '.join(caller.codes)}")
    return caller.owns[caller.codes.index(code)]


def issue(tx: Session, caller: Caller, new: NewInvoice) -> Invoice:
    """Make the invoice with the next number of the range, in the caller's transaction, and return it, locked.

    A container books nothing: what it asks for is owed on its members already. Raises NumberRangeExhausted.
    """
    number = take_deposit_number(caller)
    tx.execute(
        update(NumberReservation)
        .where(NumberReservation.tenant_id == caller.tenant_id, NumberReservation.number == number)
        .values(used_at=func.clock_timestamp())
    )
    invoice = Invoice(
        tenant_id=caller.tenant_id,
        public_token=secrets.token_urlsafe(16),
        number=number,
        initiator_id=owner_id(caller, new.initiator_code),
        kind=new.kind,
        status="unpaid",
        currency=new.amount.currency,
        subtotal_minor=new.amount.minor,
        total_minor=new.amount.minor,
        description=new.description,
        reference_number=new.reference_number,
        issued_at=datetime.now(UTC),
    )
    tx.add(invoice)
    tx.flush()
    tx.refresh(invoice)
    if new.kind != BULK:
        ledger.post(
            "invoice.issued",
            f"invoice:{invoice.id}:issued",
            books.issued(new.initiator_code, new.amount),
            invoice_id=invoice.id,
            tenant_id=invoice.tenant_id,
        )
    told = {"number": number, "amount": format_amount(new.amount), "currency": new.amount.currency, **new.told}
    timeline.record(
        "invoice.issued",
        actor=Actor("initiator", caller.code),
        invoice_id=invoice.id,
        data=told,
        tenant_id=invoice.tenant_id,
    )
    search.reindex_later(invoice)
    return invoice
