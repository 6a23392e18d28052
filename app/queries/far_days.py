"""Days of payment or of falling due that lie far from where a list begins: read first, put in order afterwards.

The planner takes them for spread evenly over the order of creation, and would walk from its beginning past everything
that came after those days. They are read from their own index alone, which is short work while they are few. So are
days of creation in the order of payment, which follows them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_

from app.models.invoice import Invoice
from app.queries.invoice_filter import PAID, asked_days, begins, ends
from app.queries.keyset import session
from app.queries.sorting import order_of

if TYPE_CHECKING:
    from app.queries.invoice_filter import Days, InvoiceFilter
    from app.queries.sorting import Mark, Sort


# So many days of creation are sooner read than thousands of rows are found along another order.
FEW_DAYS = timedelta(days=100)


def far_days(wanted: InvoiceFilter, sort: Sort) -> list[ColumnElement[bool]]:
    """Return what is asked of days that are fewer than those between them and the beginning of the list."""
    if sort.by != "created":
        return []
    _created, due, paid = asked_days(wanted)
    if _are_far(paid, sort):
        return [PAID.__ge__(begins(paid.first)), PAID.__lt__(ends(paid.last)), Invoice.paid_at.is_not(None)]
    if _are_far(due, sort):
        return [Invoice.due_on.between(due.first, due.last)]
    return []


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


def read_first(found: Select[int], asked: list[ColumnElement[bool]], sort: Sort) -> Select[int]:
    """Return the question for those of them that are what is asked here, all of which are read before any other."""
    # What OFFSET shuts in is read as it stands; the same columns on both sides keep its order.
    those = select(Invoice.id, Invoice.created_at).where(*asked).order_by(*order_of(sort)).offset(0).subquery("those")
    return found.join(those, and_(those.c.id == Invoice.id, those.c.created_at == Invoice.created_at))


def alone(asked: list[ColumnElement[bool]], sort: Sort, after: Mark | None) -> Select[int]:
    """Return the question for those after the mark, in this order, where nothing else is asked: an index answers it."""
    place = tuple_(Invoice.created_at, Invoice.id)
    if after is not None:
        asked = [*asked, (place.__lt__ if sort.falls else place.__gt__)((after.moment, after.id))]
    those = select(Invoice.id, Invoice.created_at).where(*asked).offset(0).subquery("those")
    order = (those.c.created_at, those.c.id)
    return select(those.c.id).order_by(*(each.desc() if sort.falls else each.asc() for each in order))


def _are_far(days: Days, sort: Sort) -> bool:
    first, last = begins(days.first), ends(days.last)
    if first is None or last is None:
        return False
    if sort.falls:
        return last - first < datetime.now(UTC) - last
    oldest = session().scalar(select(func.min(Invoice.created_at)))
    return oldest is not None and last - first < first - oldest
