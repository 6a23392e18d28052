"""What somebody is looking for among the invoices: one filter for list, count, export, bulk and saved views (F20)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime, Select, func, literal_column, select

from app.models.initiator import Initiator
from app.models.invoice import PAID_AT, Invoice
from app.queries.invoice_words import asked_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# As the index of payment days has it.
PAID = literal_column(PAID_AT.replace("paid_at", "invoice.paid_at"), DateTime(timezone=True))
ZONE = ZoneInfo("Europe/Tallinn")


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Empty parts ask for nothing. Days are those of Tallinn, first and last included; amounts are minor units.

    Services ask by moments, of which the last is not included, and for one `number`, `reference` or `email`.
    """

    text: str = ""
    statuses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    least_minor: int | None = None
    most_minor: int | None = None
    created_from: date | None = None
    created_to: date | None = None
    due_from: date | None = None
    due_to: date | None = None
    paid_from: date | None = None
    paid_to: date | None = None
    in_directo: bool | None = None
    e_invoice_sent: bool | None = None
    number: int | None = None
    reference: str = ""
    email: str = ""

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return self.parts() > 0

    def parts(self) -> int:
        """Return how many things are asked for."""
        return sum(getattr(self, each.name) not in ("", (), None) for each in fields(self))


def matching(wanted: InvoiceFilter) -> Select[Invoice]:
    """Return the question for the invoices that match, with their services, in no order."""
    return select(Invoice).join(Initiator, Initiator.id == Invoice.initiator_id).where(*everything(wanted))


def everything(wanted: InvoiceFilter) -> list[ColumnElement[bool]]:
    """Return what is asked of each invoice, the words included."""
    return [*conditions(wanted), *([asked_for(wanted.text)] if wanted.text else [])]


def conditions(wanted: InvoiceFilter) -> list[ColumnElement[bool]]:
    """Return what is asked of each invoice beside the words."""
    bounds: list[tuple[object, Callable[[object], ColumnElement[bool]]]] = [
        (wanted.least_minor, Invoice.total_minor.__ge__),
        (wanted.most_minor, Invoice.total_minor.__le__),
        (_begins(wanted.created_from), Invoice.created_at.__ge__),
        (_ends(wanted.created_to), Invoice.created_at.__lt__),
        (wanted.due_from, Invoice.due_on.__ge__),
        (wanted.due_to, Invoice.due_on.__le__),
        (_begins(wanted.paid_from), PAID.__ge__),
        (_ends(wanted.paid_to), PAID.__lt__),
        (wanted.in_directo, Invoice.in_directo.is_),
        (wanted.statuses or None, Invoice.status.in_),  # type: ignore[list-item]
        (_of_services(wanted.services), Invoice.initiator_id.in_),  # type: ignore[list-item]
        (wanted.kinds or None, Invoice.kind.in_),  # type: ignore[list-item]
        (wanted.number, Invoice.number.__eq__),
        (wanted.reference or None, Invoice.reference_number.__eq__),
        (wanted.email.lower() or None, func.lower(Invoice.customer_email).__eq__),
    ]
    found = [compare(bound) for bound, compare in bounds if bound is not None]
    if wanted.paid_to is not None:
        found.append(Invoice.paid_at.is_not(None))
    if wanted.e_invoice_sent is not None:
        found.append(literal_column("(invoice.e_invoice_sent_at is not null)").is_(wanted.e_invoice_sent))
    return found


def _of_services(codes: Sequence[str]) -> Select[int] | None:
    return select(Initiator.id).where(Initiator.code.in_(codes)) if codes else None


def _begins(day: date | None) -> datetime | None:
    if day is None or isinstance(day, datetime):
        return day
    return datetime.combine(day, time.min, ZONE).astimezone(UTC)


def _ends(day: date | None) -> datetime | None:
    return day if day is None or isinstance(day, datetime) else _begins(day + timedelta(days=1))
