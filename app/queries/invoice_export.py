"""The columns of an exported list: figures as figures, moments in the zone people here live in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.money import Money
from app.domain.tallinn import TALLINN
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.queries.invoice_selection import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from app.domain.sheet_csv import Cell

# The columns that are read for each invoice, in the order `lines` takes them apart.
READ = (
    Invoice.number,
    Initiator.code,
    Invoice.kind,
    Invoice.status,
    Invoice.customer_name,
    Invoice.customer_email,
    Invoice.reference_number,
    Invoice.description,
    Invoice.currency,
    Invoice.total_minor,
    Invoice.captured_minor,
    Invoice.refunded_minor,
    Invoice.created_at,
    Invoice.issued_at,
    Invoice.due_on,
    Invoice.paid_at,
    Invoice.cancelled_at,
    Invoice.in_directo,
    Invoice.e_invoice_sent_at,
)
Words = dict[str, str]


def _at(moment: datetime | None) -> Cell:
    return moment.astimezone(TALLINN) if moment else None


def _word(column: str) -> Callable[[Any, Words], Cell]:
    return lambda row, words: words.get(str(getattr(row, column)), str(getattr(row, column)))


def _plain(column: str) -> Callable[[Any, Words], Cell]:
    return lambda row, _words: getattr(row, column)


def _amount(column: str) -> Callable[[Any, Words], Cell]:
    return lambda row, _words: Money(getattr(row, column), row.currency)


def _moment(column: str) -> Callable[[Any, Words], Cell]:
    return lambda row, _words: _at(getattr(row, column))


def _service(row: Any, words: Words) -> Cell:
    code: str = row.code
    return words.get(f"service:{code}", code)


COLUMNS: dict[str, Callable[[Any, Words], Cell]] = {
    "number": _plain("number"),
    "service": _service,
    "kind": _word("kind"),
    "status": _word("status"),
    "payer": _plain("customer_name"),
    "email": _plain("customer_email"),
    "reference": _plain("reference_number"),
    "description": _plain("description"),
    "currency": _plain("currency"),
    "total": _amount("total_minor"),
    "received": _amount("captured_minor"),
    "given_back": _amount("refunded_minor"),
    "created_at": _moment("created_at"),
    "issued_at": _moment("issued_at"),
    "due_on": _plain("due_on"),
    "paid_at": _moment("paid_at"),
    "cancelled_at": _moment("cancelled_at"),
    "in_directo": lambda row, words: words.get("yes" if row.in_directo else "no", ""),
    "e_invoice_sent_at": _moment("e_invoice_sent_at"),
}


def lines(ids: Sequence[int], words: Words) -> list[list[Cell]]:
    """Return a line for each of these invoices, in their order; `words` stand for codes of kinds and statuses."""
    return [[cell(row, words) for cell in COLUMNS.values()] for row in rows_of(ids, *READ)]
