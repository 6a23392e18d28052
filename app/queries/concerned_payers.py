"""Whom work on many invoices concerns: some payers by name, and how many more there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import case, func, tuple_

from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.queries.invoice_selection import chosen
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.queries.invoice_selection import Selection

NAMED = 3


class ConcernedPayer(NamedTuple):
    """A payer by name, or by e-mail; of an invoice that says neither, its number."""

    name: str
    number: int | None


class ConcernedPayers(NamedTuple):
    """Up to three payers, those with the most invoices first, and how many stay unnamed."""

    named: tuple[ConcernedPayer, ...] = ()
    more: int = 0


def concerned_payers(selection: Selection, alike: Collection[tuple[str, str, str]] | None = None) -> ConcernedPayers:
    """Return the payers of a selection, or of those of its invoices with one of these (service, kind, status).

    Whoever calls has counted the selection: every invoice of it is read.
    """
    said = func.coalesce(func.nullif(func.trim(Invoice.customer_name), ""), func.trim(Invoice.customer_email))
    payer, nameless = said.label("payer"), case((said == "", Invoice.number)).label("nameless")
    found = chosen(selection)
    if alike is not None:
        found = found.where(tuple_(Initiator.code, Invoice.kind, Invoice.status).in_(list(alike)))
    shown = (
        found.with_only_columns(payer, nameless, func.count().over().label("payers"))
        .group_by("payer", "nameless")
        .order_by(func.count().desc(), "payer", "nameless")
        .limit(NAMED)
    )
    rows = session().execute(shown).all()
    named = tuple(ConcernedPayer(row.payer, row.nameless) for row in rows)
    return ConcernedPayers(named, rows[0].payers - len(rows)) if rows else ConcernedPayers()
