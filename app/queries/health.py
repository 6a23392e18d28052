"""How the system is: its clock, its database, when each destination last answered, when the books were compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from app.queries.deliveries import KINDS
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

CLOCK = text("""
select n.name, last.planned_at, done.planned_at as done_planned_at, done.finished_at
  from unnest(cast(:names as text[])) n (name)
       left join lateral (
         select planned_at from schedule_run where name = n.name order by planned_at desc limit 1) last on true
       left join lateral (
         select planned_at, finished_at from schedule_run where name = n.name and finished_at is not null
          order by planned_at desc limit 1) done on true
""")
DATABASE = text("""
select pg_database_size(current_database()) as bytes,
       (select count(*) from pg_stat_activity where datname = current_database()) as connections,
       current_setting('max_connections')::bigint as most_connections,
       (select coalesce(extract(epoch from max(now() - xact_start)), 0)::bigint from pg_stat_activity
         where datname = current_database()) as oldest_s,
       current_setting('server_version') as version
""")
ANSWERED = text(f"""
{KINDS}
select pair.lane_id, max(last.done_at) as at
  from pair, lateral (
    select done_at from outbox o where o.lane_id = pair.lane_id and o.kind = pair.kind and o.state = 'done'
     order by o.created_at desc, o.id desc limit 1) last
 group by pair.lane_id
""")  # noqa: S608 - own text
STUCK = text("""
select count(*) filter (where state = 'dead'), count(*) filter (where state = 'held'), min(created_at)
  from (select state, created_at from outbox where state in ('dead', 'held') limit 1001) stuck
""")
COMPARED = text("""
select gateway, day, finished_at, differences from comparison
 where finished_at is not null order by day desc, compared_on desc, id desc limit 1
""")


class PeriodicRun(NamedTuple):
    """Periodic work of one name: the moment it was last planned for, and which run ended last, and when."""

    name: str
    planned_at: datetime | None
    done_planned_at: datetime | None
    finished_at: datetime | None


class DatabaseState(NamedTuple):
    """How large and how busy the database is."""

    bytes: int
    connections: int
    most_connections: int
    oldest_s: int
    version: str


class StuckState(NamedTuple):
    """How many messages were given up and wait for a person, counted up to a thousand, and since when."""

    dead: int
    held: int
    oldest: datetime | None


class Compared(NamedTuple):
    """The last day that was compared with a gateway."""

    gateway: str
    day: date
    finished_at: datetime
    differences: int


def periodic_runs(names: Sequence[str]) -> list[PeriodicRun]:
    """Return the last runs of periodic work, by name."""
    return [PeriodicRun(*row) for row in session().execute(CLOCK, {"names": list(names)})]


def database() -> DatabaseState:
    """Return how the database is."""
    return DatabaseState(*session().execute(DATABASE).one())


def answered() -> dict[int, datetime]:
    """Return when each lane last finished something."""
    return {row.lane_id: row.at for row in session().execute(ANSWERED)}


def stuck() -> StuckState:
    """Return what waits for a person."""
    return StuckState(*session().execute(STUCK).one())


def compared() -> Compared | None:
    """Return the last comparison that ended."""
    row = session().execute(COMPARED).one_or_none()
    return Compared(*row) if row else None
