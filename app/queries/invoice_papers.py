"""Where the money of an invoice's payments went, and the documents that were asked for about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.models.document import OutgoingDocument
from app.models.invoice import Invoice
from app.models.settlement import Allocation
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.models.payment import Payment

# A bulk payment may be for hundreds; the page shows the newest.
MOST = 200


@dataclass(frozen=True, slots=True)
class Given:
    """A part of a payment given to an invoice: minor units, when, and when it was taken away again."""

    number: int | None
    amount_minor: int
    created_at: datetime
    reversed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Placed:
    """One payment that brought money: where each part of it is, and what no invoice needed, in minor units."""

    payment: Payment
    given: list[Given]
    unneeded_minor: int


@dataclass(frozen=True, slots=True)
class Papers:
    """What the page of an invoice says beside its story."""

    placed: list[Placed]
    documents: Sequence[OutgoingDocument]


def of_invoice(invoice_id: int, payments: Sequence[Payment]) -> Papers:
    """Return where the money of these payments is, and the documents about the invoice, newest first; two questions."""
    documents = session().scalars(
        select(OutgoingDocument)
        .where(OutgoingDocument.invoice_id == invoice_id)
        .order_by(OutgoingDocument.id.desc())
        .limit(MOST)
    )
    return Papers(_placed([each for each in payments if each.captured_minor]), documents.all())


def _placed(payments: Sequence[Payment]) -> list[Placed]:
    if not payments:
        return []
    rows = session().execute(
        select(
            Allocation.payment_id,
            Invoice.number,
            Allocation.amount_minor,
            Allocation.created_at,
            Allocation.reversed_at,
        )
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Allocation.payment_id.in_([each.id for each in payments]))
        .order_by(Allocation.id)
        .limit(MOST)
    )
    parts: dict[int, list[Given]] = {}
    for row in rows:
        given = Given(row.number, row.amount_minor, row.created_at, row.reversed_at)
        parts.setdefault(row.payment_id, []).append(given)
    return [_one(each, parts.get(each.id, [])) for each in payments]


def _one(payment: Payment, given: list[Given]) -> Placed:
    active = sum(each.amount_minor for each in given if each.reversed_at is None)
    return Placed(payment, given, payment.captured_minor - active if len(given) < MOST else 0)
