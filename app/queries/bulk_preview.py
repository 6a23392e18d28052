"""What a bulk action would be about: invoices alike in what decides, counted and added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func

from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.queries.invoice_selection import chosen, count
from app.queries.session import session

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


def groups(selection: Selection, most: int) -> list[Group] | None:
    """Return the invoices of a selection in groups, or None where there are more than `most`.

    They are counted first: an index tells that, where each one that is added up has to be read.
    """
    if count(selection, most).is_capped:
        return None
    alike = (Initiator.code, Invoice.kind, Invoice.status, Invoice.currency)
    totals = (func.count(), func.sum(Invoice.total_minor))
    found = chosen(selection).with_only_columns(*alike, *totals).group_by(*alike).order_by(*alike)
    return [Group(*row[:5], total_minor=int(row[5])) for row in session().execute(found)]
