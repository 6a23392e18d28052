"""Days of payment or of falling due that lie far from where a list begins: read first, put in order afterwards.

The planner takes them for spread evenly over the order of creation, and would walk from its beginning past everything
that came after those days. They are read from their own index alone, which is short work while they are few. So are
days of creation in the order of payment, which follows them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.models.invoice import Invoice
from app.queries.invoice_filter import asked_days, begins, ends
from app.queries.keyset import session

if TYPE_CHECKING:
    from app.queries.invoice_filter import Days, InvoiceFilter
    from app.queries.sorting import Sort


# So many days of creation are sooner read than thousands of rows are found along another order.
FEW_DAYS = timedelta(days=100)


def are_far(wanted: InvoiceFilter, sort: Sort) -> bool:
    """Return whether days are asked for that are fewer than those between them and the beginning of the list."""
    _created, due, paid = asked_days(wanted)
    return sort.by == "created" and (_are_far(paid, sort) or _are_far(due, sort))


def are_whole(wanted: InvoiceFilter, sort: Sort, *, many: bool = False) -> bool:
    """Return whether what was created on the days that are asked for is read whole before it is put in order.

    In the order of amounts it is where `many` rows are wanted: a few are soon found along it.
    """
    created = asked_days(wanted).created
    if sort.by == "created" or not (sort.by == "paid" or many) or created.first is None:
        return False
    now = datetime.now(UTC)
    few = min(ends(created.last) or now, now) - (begins(created.first) or now) < FEW_DAYS
    return few or (sort.by == "paid" and _are_far(created, sort))


def _are_far(days: Days, sort: Sort) -> bool:
    first, last = begins(days.first), ends(days.last)
    if first is None or last is None:
        return False
    if sort.falls:
        return last - first < datetime.now(UTC) - last
    oldest = session().scalar(select(func.min(Invoice.created_at)))
    return oldest is not None and last - first < first - oldest
