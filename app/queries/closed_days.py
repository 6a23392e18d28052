"""Sums of days that are over, read where they were put together (services/closed_days.py)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy import text

from app.extensions import db

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

# So many gaps are asked about one by one; a span with more is read whole.
MOST_GAPS = 10


class Closed(NamedTuple):
    """Rows of sums, and the days they stand for: whatever happened on any other day is not in them."""

    rows: list[tuple[Any, ...]]
    days: set[date]


# The days come with their sums in one statement: between two, one of them might be reopened.
BY_PART = """
select t.gateway, i.code, t.currency, sum(t.payments)::bigint, sum(t.in_minor)::bigint, sum(t.returns)::bigint,
       sum(t.back_minor)::bigint, null::date[]
  from day_total t join initiator i on i.id = t.initiator_id
 where t.day between :first and :last {narrowed}
 group by 1, 2, 3
union all
select null, null, null, 0, 0, 0, 0, array_agg(day) from closed_day where day between :first and :last
"""
BY_DAY = text("""
select t.day, t.gateway, t.currency, sum(t.payments)::bigint, sum(t.in_minor)::bigint
  from day_total t where t.day between :first and :last and t.payments > 0
 group by 1, 2, 3
union all
select day, null, null, 0, 0 from closed_day where day between :first and :last
""")


def by_part(first: date, last: date, *, gateway: str = "", service: str = "") -> Closed:
    """Return gateway, service, currency, payments, minor units in, returns and minor units back of the closed days."""
    narrowed = ("and t.gateway = :gateway " if gateway else "") + ("and i.code = :service" if service else "")
    values = {"first": first, "last": last, "gateway": gateway, "service": service}
    found = [tuple(row) for row in _session().execute(text(BY_PART.format(narrowed=narrowed)), values)]
    days = next(row[-1] for row in found if row[0] is None)
    return Closed([row[:-1] for row in found if row[0] is not None], set(days or ()))


def by_day(first: date, last: date) -> Closed:
    """Return day, gateway, currency, payments and minor units in of the closed days."""
    found = [tuple(row) for row in _session().execute(BY_DAY, {"first": first, "last": last})]
    return Closed([row for row in found if row[1] is not None], {row[0] for row in found if row[1] is None})


def gaps(first: date, last: date, closed: Collection[date]) -> list[tuple[date, date]] | None:
    """Return the spans of days that are not closed, both ends included; None when they are too many."""
    found: list[tuple[date, date]] = []
    for nth in range((last - first).days + 1):
        day = first + timedelta(days=nth)
        if day in closed:
            continue
        if found and found[-1][1] == day - timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found if len(found) <= MOST_GAPS else None


def _session() -> Session:
    return cast("Session", db.session())
