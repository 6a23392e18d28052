"""Sums of days that are over, read where they were put together (services/closed_days.py)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Collection

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
DAYS = text("select day from closed_day where day between :first and :last")
# The days that are open are found where the others are read: between two statements, one might be reopened.
BY_PAYER = """
select d.payer, d.currency, {kept}
  from day_payer d {join}
 where d.day between :first and :last {narrowed}
union all
select f.payer, f.currency, f.ins, f.in_minor::bigint, f.backs, f.back_minor::bigint
  from (select min(day)::timestamp at time zone 'Europe/Tallinn' as since,
               (max(day) + 1)::timestamp at time zone 'Europe/Tallinn' as until
          from (select day, day - row_number() over (order by day)::int as run
                  from (select cast(:first as date) + nth as day
                          from generate_series(0, cast(:last as date) - cast(:first as date)) nth) asked
                 where not exists (select from closed_day c where c.day = asked.day)) gone
         group by run) gap,
       lateral ({live}) f
"""
# A payer of whom nothing came that day is no payer to who asks for what came, nor the other way round.
KEPT = {
    "": ("d.payments as ins, d.in_minor, d.returns as backs, d.back_minor", ""),
    "in": ("d.payments as ins, d.in_minor, 0 as backs, 0 as back_minor", "and d.payments > 0 "),
    "back": ("0 as ins, 0 as in_minor, d.returns as backs, d.back_minor", "and d.returns > 0 "),
}


def by_part(first: date, last: date, *, gateway: str = "", service: str = "") -> Closed:
    """Return gateway, service, currency, payments, minor units in, returns and minor units back of the closed days."""
    narrowed = ("and t.gateway = :gateway " if gateway else "") + ("and i.code = :service" if service else "")
    values = {"first": first, "last": last, "gateway": gateway, "service": service}
    found = [tuple(row) for row in session().execute(text(BY_PART.format(narrowed=narrowed)), values)]
    days = next(row[-1] for row in found if row[0] is None)
    return Closed([row[:-1] for row in found if row[0] is not None], set(days or ()))


def by_day(first: date, last: date) -> Closed:
    """Return day, gateway, currency, payments and minor units in of the closed days."""
    found = [tuple(row) for row in session().execute(BY_DAY, {"first": first, "last": last})]
    return Closed([row for row in found if row[1] is not None], {row[0] for row in found if row[1] is None})


def days(first: date, last: date) -> set[date]:
    """Return the days of the span that are closed at this moment."""
    return set(session().scalars(DAYS, {"first": first, "last": last}))


def by_payer(live: str, *, gateway: str, service: str, payer: str | None, direction: str) -> str:
    """Return SQL for payer, currency, ins, in_minor, backs and back_minor from `:first` to `:last`, not summed up yet.

    `live` is SQL that adds up what moved between `gap.since` and `gap.until`: it is asked for the days that are open.
    """
    kept, narrowed = KEPT[direction]
    narrowed += "and d.gateway = :gateway " if gateway else ""
    if payer is not None:
        narrowed += "and d.payer = :payer " if payer else "and d.payer = '' "
    join = "join initiator i on i.id = d.initiator_id and i.code = :service" if service else ""
    return BY_PAYER.format(kept=kept, join=join, narrowed=narrowed, live=live)


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
