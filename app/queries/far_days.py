"""Days of payment or of falling due that lie far from where a list begins: read first, put in order afterwards.

The planner takes them for spread evenly over the order of creation, and would walk from its beginning past everything
that came after those days. They are read from their own index alone, which is short work while they are few. So are
days of creation in the order of payment, which follows them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, DateTime, func, literal, literal_column, select, true

from app.models.invoice import PAID_MONTH, Invoice
from app.queries.invoice_filter import IN_TIME, asked_days, begins, ends
from app.queries.session import session
from app.queries.sorting import FOLLOW_CREATION, Sort, in_order

if TYPE_CHECKING:
    from sqlalchemy import Select

    from app.queries.invoice_filter import Days, InvoiceFilter
    from app.queries.sorting import Mark


# So many days of creation are sooner read than thousands of rows are found along another order.
FEW_DAYS = timedelta(days=100)
# Longer whiles of payment than this are walked month by month.
LONG = timedelta(days=45)
MONTH = literal_column(PAID_MONTH.replace("paid_at", "invoice.paid_at"), DateTime())


def are_far(wanted: InvoiceFilter, sort: Sort) -> bool:
    """Return whether days are asked for that are fewer than those between them and the beginning of the list.

    Of an order that only follows that of creation no index has these days, so that long whiles are not read whole.
    """
    _created, due, paid = asked_days(wanted)
    if sort.by == "created":
        return _are_far(paid, sort) or _are_far(due, sort)
    if sort is Sort.LOWEST_NUMBER and wanted.due == IN_TIME:
        return True
    others = [days for by, days in (("paid", paid), ("due", due)) if by != sort.by]
    return sort.by in FOLLOW_CREATION and any(_are_far(days, sort) and not _are_long(days) for days in others)


def are_whole(wanted: InvoiceFilter, sort: Sort, *, many: bool = False) -> bool:
    """Return whether what was created on the days that are asked for is read whole before it is put in order.

    In the orders of amounts and of names it is where `many` rows are wanted: a few are soon found along it.
    """
    created = asked_days(wanted).created
    if sort.by == "created" or not (sort.by in FOLLOW_CREATION or many) or created.first is None:
        return False
    now = datetime.now(UTC)
    few = min(ends(created.last) or now, now) - (begins(created.first) or now) < FEW_DAYS
    return few or (sort.by in FOLLOW_CREATION - {"number"} and _are_far(created, sort))


def are_long(wanted: InvoiceFilter, sort: Sort) -> bool:
    """Return whether days of payment are asked for that are far, and too many to be read whole; and no words."""
    paid = asked_days(wanted).paid
    if wanted.text or sort.by != "created":
        return False
    return _are_long(paid) and _are_far(paid, sort)


def heads(found: Select[int], wanted: InvoiceFilter, sort: Sort, after: Mark | None, size: int) -> Select[int]:
    """Return the question for the first so many of each month of payment, among which the first of all are."""
    paid = asked_days(wanted).paid
    first, last = (literal(_month_of(moment), DateTime()) for moment in (begins(paid.first), ends(paid.last)))
    step: ColumnElement[Any] = literal_column("interval '1 month'")
    months = func.generate_series(first, last, step).table_valued("number").render_derived()
    of_month = found.where(months.c.number == MONTH, Invoice.paid_at.is_not(None)).correlate(months)
    head = next(in_order(of_month, sort, after, ())).limit(size).lateral()
    return select(head.c.id).select_from(months.join(head, true()))


def _month_of(moment: datetime | None) -> datetime:
    return (
        (moment or datetime.now(UTC))
        .astimezone(UTC)
        .replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    )


def _are_long(days: Days) -> bool:
    first, last = begins(days.first), ends(days.last)
    return first is not None and last is not None and last - first > LONG


def _are_far(days: Days, sort: Sort) -> bool:
    first, last = begins(days.first), ends(days.last)
    if first is None or last is None:
        return False
    if sort.falls:
        return last - first < datetime.now(UTC) - last
    oldest = session().scalar(select(func.min(Invoice.created_at)))
    return oldest is not None and last - first < first - oldest
