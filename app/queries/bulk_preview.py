"""What a bulk action would be about: invoices alike in what decides, counted and added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.queries.invoice_selection import chosen
from app.queries.keyset import session

if TYPE_CHECKING:
    from app.queries.invoice_selection import Selection


@dataclass(frozen=True, slots=True)
class Group:
    """Some invoices alike, with their sum in minor units of one currency."""

    service: str
    kind: str
    status: str
    currency: str
    number: int
    total_minor: int


def groups(selection: Selection, most: int) -> list[Group]:
    """Return the invoices of a selection in groups, at most `most` of them and one more."""
    some = chosen(selection).with_only_columns(Invoice.id).limit(most + 1).subquery()
    alike = (Initiator.code, Invoice.kind, Invoice.status, Invoice.currency)
    found = (
        select(*alike, func.count(), func.sum(Invoice.total_minor))
        .join(Initiator, Initiator.id == Invoice.initiator_id)
        .where(Invoice.id.in_(select(some.c.id)))
        .group_by(*alike)
        .order_by(*alike)
    )
    return [Group(*row[:5], total_minor=int(row[5])) for row in session().execute(found)]
