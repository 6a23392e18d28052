"""What somebody is looking for among the invoices: one filter for list, count, export, bulk and saved views (F20)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import ColumnElement, DateTime, Select, and_, func, literal_column, or_, select

from app.domain.invoice import PAYABLE, InvoiceStatus
from app.domain.tallinn import TALLINN
from app.models.initiator import Initiator
from app.models.invoice import PAID_AT, Invoice
from app.queries.invoice_search import asked_for
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Spelled as the expression of the index on days of payment.
PAID = literal_column(PAID_AT.replace("paid_at", "invoice.paid_at"), DateTime(timezone=True))


class Period(StrEnum):
    """Days that move with the calendar: a view kept in November shows December in December."""

    TODAY = "today"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    THIS_YEAR = "this_year"


class Days(NamedTuple):
    """Days, or moments of which the last is not included; None is no bound."""

    first: date | None
    last: date | None


class AskedDays(NamedTuple):
    """The days that are asked for."""

    created: Days
    due: Days
    paid: Days


# Payable invoices: past their day or reported overdue by their service, and all others.
LATE, IN_TIME = "late", "in_time"


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Empty parts ask for nothing. Days are those of Tallinn, first and last included; amounts are minor units.

    `created`, `due` and `paid` are periods, counted from the day `as_of`, or today.
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
    created: str = ""
    due: str = ""
    paid: str = ""
    as_of: date | None = None

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return self.parts() > 0

    def parts(self) -> int:
        """Return how many things are asked for."""
        return sum(getattr(self, each.name) not in ("", (), None) for each in fields(self) if each.name != "as_of")

    def settled(self, now: datetime | None = None) -> InvoiceFilter:
        """Return the filter that asks tomorrow for the days this one asks for today."""
        moves = self.as_of is None and (self.created or self.due or self.paid)
        return replace(self, as_of=today_of(now)) if moves else self

    def only_paid(self) -> bool:
        """Return whether nothing that was not paid can match."""
        return bool(self.paid or self.paid_from or self.paid_to)


def matching(wanted: InvoiceFilter) -> Select[Invoice]:
    """Return the question for the invoices that match, with their services, in no order."""
    return select(Invoice).join(Initiator, Initiator.id == Invoice.initiator_id).where(*everything(wanted))


def everything(wanted: InvoiceFilter) -> list[ColumnElement[bool]]:
    """Return what is asked of each invoice, the words included."""
    return [*conditions(wanted), *([asked_for(wanted.text)] if wanted.text else [])]


def conditions(wanted: InvoiceFilter) -> list[ColumnElement[bool]]:
    """Return what is asked of each invoice beside the words."""
    created, due, paid = asked_days(wanted)
    bounds: list[tuple[object, Callable[[object], ColumnElement[bool]]]] = [
        (wanted.least_minor, Invoice.total_minor.__ge__),
        (wanted.most_minor, Invoice.total_minor.__le__),
        (begins(created.first), Invoice.created_at.__ge__),
        (ends(created.last), Invoice.created_at.__lt__),
        (due.first, Invoice.due_on.__ge__),
        (due.last, Invoice.due_on.__le__),
        (begins(paid.first), PAID.__ge__),
        (ends(paid.last), PAID.__lt__),
        (wanted.in_directo, Invoice.in_directo.is_),
        (wanted.statuses or None, Invoice.status.in_),  # type: ignore[list-item]
        (_of_services(wanted.services), Invoice.initiator_id.in_),  # type: ignore[list-item]
        (wanted.kinds or None, Invoice.kind.in_),  # type: ignore[list-item]
        (wanted.number, Invoice.number.__eq__),
        (wanted.reference or None, Invoice.reference_number.__eq__),
        (wanted.email.lower() or None, func.lower(Invoice.customer_email).__eq__),
    ]
    found = [compare(bound) for bound, compare in bounds if bound is not None]
    if paid.last is not None:
        found.append(Invoice.paid_at.is_not(None))
    if wanted.due in {LATE, IN_TIME}:
        late = _is_late(wanted.as_of or today_of())
        found += [late if wanted.due == LATE else ~late, Invoice.status.in_(sorted(map(str, PAYABLE)))]
    if wanted.e_invoice_sent is not None:
        found.append(literal_column("(invoice.e_invoice_sent_at is not null)").is_(wanted.e_invoice_sent))
    return found


def asked_days(wanted: InvoiceFilter) -> AskedDays:
    """Return which days are asked for; of days and a period those that are in both."""
    today = wanted.as_of or today_of()
    return AskedDays(
        _both(wanted.created_from, wanted.created_to, wanted.created, today),
        _both(wanted.due_from, wanted.due_to, wanted.due, today),
        _both(wanted.paid_from, wanted.paid_to, wanted.paid, today),
    )


def _is_late(today: date) -> ColumnElement[bool]:
    """Return whether money is late, whatever was tried or paid in part meanwhile: never null, so it can be denied."""
    over = and_(Invoice.due_on.is_not(None), Invoice.due_on < today)
    return or_(Invoice.status == InvoiceStatus.OVERDUE, Invoice.overdue_at.is_not(None), over)


def _both(first: date | None, last: date | None, period: str, today: date) -> Days:
    """Return what is in both; days and moments are compared by when they begin or end in Tallinn."""
    firsts, lasts = zip((first, last), _days(period, today), strict=True)
    return Days(
        max((each for each in firsts if each is not None), key=_begins, default=None),
        min((each for each in lasts if each is not None), key=_ends, default=None),
    )


def _of_services(codes: Sequence[str]) -> list[int] | None:
    """Return the services' ids: of a question inside the question the planner would not know how many rows each has."""
    return list(session().scalars(select(Initiator.id).where(Initiator.code.in_(codes)))) if codes else None


def _days(period: str, today: date) -> tuple[date | None, date | None]:
    """Return the first and the last day of a period; none has neither."""
    first = today.replace(day=1)
    match period:
        case Period.TODAY:
            return today, today
        case Period.THIS_MONTH:
            return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        case Period.LAST_MONTH:
            return (first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)
        case Period.THIS_YEAR:
            return today.replace(month=1, day=1), today.replace(month=12, day=31)
    return None, None


def today_of(now: datetime | None = None) -> date:
    """Return the day it is in Tallinn, now or at a moment."""
    return (now or datetime.now(UTC)).astimezone(TALLINN).date()


def begins(day: date | None) -> datetime | None:
    """Return when a day begins in Tallinn; a moment stays what it is."""
    return None if day is None else _begins(day)


def ends(day: date | None) -> datetime | None:
    """Return when a day is over; a moment stays what it is."""
    return None if day is None else _ends(day)


def _begins(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time.min, TALLINN).astimezone(UTC)


def _ends(day: date) -> datetime:
    return day if isinstance(day, datetime) else _begins(day + timedelta(days=1))
