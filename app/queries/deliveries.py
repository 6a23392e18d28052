"""What we owe and owed to others: the list, what is stuck, how the destinations are, and one of them.

A list is read from the index one lane and kind at a time, so that a page of five million rows costs what a page of five
hundred does, whatever is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select, text

from app.domain.errors import NotFound
from app.models.event import Event
from app.models.invoice import Invoice
from app.models.lane import OURS, Lane
from app.models.outbox import STATES, OutboxRow
from app.queries.paging import PAGE_SIZE, Count, Cursor, Page, next_cursor
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTED = 1_000
STUCK_LOOKED_AT = 5_000
STUCK_GROUPS = 20

# Every lane and kind there is, each found by one descent into the index.
KINDS = """
with recursive pair as (
  (select lane_id, kind from outbox order by lane_id, kind limit 1)
  union all
  select next.lane_id, next.kind from pair, lateral (
    select lane_id, kind from outbox where (lane_id, kind) > (pair.lane_id, pair.kind)
     order by lane_id, kind limit 1) next
)
"""
PAIRS = text(f"{KINDS} select lane_id, kind, l.name from pair join lane l on l.id = lane_id")  # noqa: S608 - own text
PART = """
select o.id, o.created_at from outbox o where {conditions} order by o.created_at desc, o.id desc limit :most
"""
BY_PAIR = f"""
select o.id, o.created_at
  from unnest(cast(:lane_ids as bigint[]), cast(:kind_names as text[])) as pair (lane_id, kind),
       lateral ({PART}) o
"""  # noqa: S608 - own text
ROWS = """
select o.id, o.created_at, o.kind, o.lane_id, l.name as lane, o.state, o.attempts, o.run_at, o.done_at, o.answer_status,
       o.answer_ms, o.last_error_class, o.last_error, o.repeatable, i.number as invoice
  from ({ids}) found join outbox o on o.id = found.id join lane l on l.id = o.lane_id
       left join invoice i on i.id = o.invoice_id
 order by o.created_at desc, o.id desc limit :most
"""
STUCK = text("""
select o.lane_id, l.name as lane, o.kind, o.state, coalesce(o.last_error_class, '') as error_class,
       count(*) as many, min(o.created_at) as oldest,
       (array_agg(o.last_error order by o.id desc))[1] as last_error, (array_agg(o.id order by o.id desc))[1] as newest
  from (select * from outbox where state in ('dead', 'held') order by id desc limit :looked_at) o
       join lane l on l.id = o.lane_id
 group by 1, 2, 3, 4, 5
 order by (o.state = 'held') desc, many desc limit :groups
""")
LANES = text("""
select l.id, l.name, l.queue, l.failures, l.paused_until, l.stopped_at, l.stopped_by, l.stopped_why,
       due.many as due, due.oldest, later.many as later, n.name as service, e.url, e.token as endpoint
  from lane l
       left join webhook_endpoint e on e.lane_id = l.id
       left join initiator n on n.id = e.initiator_id
       cross join lateral (
         select count(*) as many, min(run_at) as oldest
           from (select run_at from outbox where lane_id = l.id and state = 'pending' and run_at <= now()
                  order by run_at limit :most) o) due
       cross join lateral (
         select count(*) as many
           from (select 1 from outbox where lane_id = l.id and state = 'pending' and run_at > now()
                  limit :most) o) later
 where cast(:lane_id as bigint) is null or l.id = :lane_id
 order by l.name
""")


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """What somebody is looking for; empty parts ask for nothing. Ages are in hours, `older` and `younger` than.

    `due` is of what waits: what is to be sent now, or what waits for its moment.
    """

    kinds: tuple[str, ...] = ()
    lanes: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    younger_h: int | None = None
    older_h: int | None = None
    due: bool | None = None

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return self != DeliveryFilter()


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One line of the list."""

    id: int
    created_at: datetime
    kind: str
    lane_id: int
    lane: str
    state: str
    attempts: int
    run_at: datetime
    done_at: datetime | None
    answer_status: int | None
    answer_ms: int | None
    error_class: str | None
    error: str | None
    repeatable: bool
    invoice: int | None


@dataclass(frozen=True, slots=True)
class Stuck:
    """Messages that wait for a person for the same reason; `newest` is one of them."""

    lane_id: int
    lane: str
    kind: str
    state: str
    error_class: str
    many: int
    oldest: datetime
    last_error: str | None
    newest: int


@dataclass(frozen=True, slots=True)
class LaneState:
    """How one destination is: what waits for it, and what keeps it from being sent."""

    id: int
    name: str
    queue: str
    failures: int
    paused_until: datetime | None
    stopped_at: datetime | None
    stopped_by: str | None
    stopped_why: str | None
    due: int
    oldest: datetime | None
    later: int
    service: str | None
    url: str | None
    endpoint: str | None

    @property
    def is_ours(self) -> bool:
        """Return whether it is work inside the house."""
        return self.name in OURS

    @property
    def rests(self) -> bool:
        """Return whether it rests because the other side did not answer."""
        return self.paused_until is not None and self.paused_until > datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class DeliveryDetail:
    """Everything one page says about a message."""

    row: OutboxRow
    lane: Lane
    invoice: Invoice | None
    happenings: Sequence[Event]


def search(wanted: DeliveryFilter, cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> Page[DeliveryRow]:
    """Return a page of messages, newest first, and how many match, counted up to a thousand."""
    ids, values = _ids(wanted, cursor)
    rows = [DeliveryRow(*row) for row in session().execute(text(ROWS.format(ids=ids)), values | {"most": size + 1})]
    return Page(rows[:size], next_cursor(rows, size), count(wanted))


def count(wanted: DeliveryFilter) -> Count:
    """Return how many messages match, counted up to a thousand."""
    ids, values = _ids(wanted, None)
    query = text(f"select count(*) from (select 1 from ({ids}) found limit :most) counted")  # noqa: S608 - own text
    return Count.capped(session().scalar(query, values | {"most": COUNTED + 1}) or 0, COUNTED)


def kinds() -> list[str]:
    """Return every kind there are messages of."""
    return sorted({pair.kind for pair in _pairs()})


def stuck() -> list[Stuck]:
    """Return what waits for a person, gathered by reason: first what nobody knows whether it arrived."""
    found = session().execute(STUCK, {"looked_at": STUCK_LOOKED_AT, "groups": STUCK_GROUPS})
    return [Stuck(*row) for row in found]


def lanes(lane_id: int | None = None) -> list[LaneState]:
    """Return how the destinations are, all or one; what waits is counted up to a thousand."""
    return [LaneState(*row) for row in session().execute(LANES, {"most": COUNTED + 1, "lane_id": lane_id})]


def lane(lane_id: int) -> LaneState:
    """Return how one destination is. Raises NotFound."""
    found = lanes(lane_id)
    if not found:
        raise NotFound("destination", lane_id)
    return found[0]


def detail(delivery_id: int) -> DeliveryDetail:
    """Return everything about one message. Raises NotFound."""
    tx = session()
    found = tx.execute(
        select(OutboxRow, Lane, Invoice)
        .join(Lane, Lane.id == OutboxRow.lane_id)
        .join(Invoice, Invoice.id == OutboxRow.invoice_id, isouter=True)
        .where(OutboxRow.id == delivery_id)
    ).one_or_none()
    if found is None:
        raise NotFound("delivery", delivery_id)
    row, lane_, invoice = found
    return DeliveryDetail(row, lane_, invoice, _happenings(row))


def _happenings(row: OutboxRow) -> Sequence[Event]:
    """Return what people and the other side did with it; what belongs to no invoice leaves no line on one."""
    if row.invoice_id is None:
        return []
    about = Event.data.contains({"outbox": row.id})
    return session().scalars(select(Event).where(Event.invoice_id == row.invoice_id, about).order_by(Event.id)).all()


def _ids(wanted: DeliveryFilter, cursor: Cursor | None) -> tuple[str, dict[str, Any]]:
    """Return the query for the ids of the newest matching rows, and its values."""
    conditions, values = _conditions(wanted, cursor)
    lane_kinds = "o.lane_id = any(:lanes)" if wanted.lanes else "true"
    kinds = "o.kind = any(:kinds)" if wanted.kinds else "true"
    values |= {"lanes": list(wanted.lanes), "kinds": list(wanted.kinds)}
    if wanted.errors:
        return _union(
            [f"o.last_error_class = :error_{at}" for at in range(len(wanted.errors))], [lane_kinds, kinds, *conditions]
        ), values
    if wanted.states and "done" not in wanted.states:
        parts = [f"o.state = '{state}' and o.state <> 'done'" for state in STATES if state in wanted.states]
        return _union(parts, [lane_kinds, kinds, *conditions]), values
    chosen = [pair for pair in _pairs() if _is_wanted(pair, wanted)]
    values |= {"lane_ids": [pair.lane_id for pair in chosen], "kind_names": [pair.kind for pair in chosen]}
    of_pair = " and ".join(["o.lane_id = pair.lane_id and o.kind = pair.kind", *conditions])
    return BY_PAIR.format(conditions=of_pair), values


def _pairs() -> Sequence[Row[Any]]:
    return session().execute(PAIRS).all()


def _is_wanted(pair: Row[Any], wanted: DeliveryFilter) -> bool:
    """Return whether a lane's kind is asked for; our own work, which never stops, only when it is named."""
    if not wanted.lanes and not wanted.kinds:
        return pair.name not in OURS
    return (not wanted.lanes or pair.lane_id in wanted.lanes) and (not wanted.kinds or pair.kind in wanted.kinds)


def _union(parts: list[str], conditions: list[str]) -> str:
    return " union all ".join(f"({PART.format(conditions=' and '.join([part, *conditions]))})" for part in parts)


def _conditions(wanted: DeliveryFilter, cursor: Cursor | None) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    values: dict[str, Any] = {f"error_{at}": each for at, each in enumerate(wanted.errors)}
    if wanted.states:
        conditions.append("o.state = any(:states)")
        values["states"] = list(wanted.states)
    if wanted.younger_h:
        conditions.append("o.created_at > now() - make_interval(hours => :younger_h)")
        values["younger_h"] = wanted.younger_h
    if wanted.older_h:
        conditions.append("o.created_at < now() - make_interval(hours => :older_h)")
        values["older_h"] = wanted.older_h
    if wanted.due is not None:
        conditions.append(f"o.state = 'pending' and o.run_at {'<=' if wanted.due else '>'} now()")
    if cursor is not None:
        conditions.append("(o.created_at, o.id) < (:at, :after_id)")
        values |= {"at": cursor.created_at, "after_id": cursor.id}
    return conditions, values
