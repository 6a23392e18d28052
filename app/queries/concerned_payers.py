"""Whom work on many invoices concerns: some payers by name, and how many more there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import String, func, tuple_

from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.queries.invoice_selection import chosen
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.queries.invoice_selection import Selection

NAMED = 3


class ConcernedPayers(NamedTuple):
    """Up to three payers, those with the most invoices first, and how many stay unnamed."""

    names: tuple[str, ...] = ()
    more: int = 0


def concerned_payers(selection: Selection, alike: Collection[tuple[str, str, str]] | None = None) -> ConcernedPayers:
    """Return the payers of a selection, or of those of its invoices with one of these (service, kind, status).

    A payer without a name is called by the e-mail, one without either by the number of the invoice. Whoever calls has
    counted the selection: every invoice of it is read.
    """
    payer = func.coalesce(
        func.nullif(func.trim(Invoice.customer_name), ""),
        func.nullif(func.trim(Invoice.customer_email), ""),
        Invoice.number.cast(String),
        "",
    ).label("payer")
    found = chosen(selection)
    if alike is not None:
        found = found.where(tuple_(Initiator.code, Invoice.kind, Invoice.status).in_(list(alike)))
    shown = (
        found.with_only_columns(payer, func.count().over().label("payers"))
        .group_by("payer")
        .order_by(func.count().desc(), "payer")
        .limit(NAMED)
    )
    rows = session().execute(shown).all()
    return ConcernedPayers(tuple(row.payer for row in rows), rows[0].payers - len(rows)) if rows else ConcernedPayers()
