"""What a person wants to know first: what is owed, what is stuck, what runs out, and who answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from app.queries.money_moved import midnight
from app.queries.session import session

if TYPE_CHECKING:
    from datetime import date


# Ages of open invoices in whole days, both included; None is no end.
AGES: tuple[tuple[int, int | None], ...] = ((0, 7), (8, 30), (31, 90), (91, 365), (366, None))


class OpenSum(NamedTuple):
    """Open invoices created so many days ago; minor units of what is still to come."""

    age: int
    overdue: bool
    currency: str
    invoices: int
    minor: int


class Missing(NamedTuple):
    """Open invoices of one service; minor units of what is still to come."""

    service: str
    currency: str
    invoices: int
    minor: int


class Latest(NamedTuple):
    """One of the newest invoices; a draft has no number."""

    id: int
    number: int | None
    payer: str
    service: str
    status: str
    total_minor: int
    currency: str
    created_at: datetime


class Lane(NamedTuple):
    """How one destination answers; `stopped` is by a person, `retried` are those that failed and are tried again.

    `service` and `url` are those of a webhook endpoint.
    """

    id: int
    name: str
    failures: int
    paused_until: datetime | None
    stopped: bool
    waiting: int
    retried: int
    dead: int
    held: int
    service: str | None
    url: str | None


class Beat(NamedTuple):
    """When something was last heard of; None is never. `unproven` are checks of the last proof that do not hold."""

    callback_at: datetime | None
    sealed_at: datetime | None
    proven_at: datetime | None
    unproven: int | None
    compared_at: datetime | None
    compared_day: date | None
    clock_at: datetime | None


class Questions(NamedTuple):
    """Questions for a person: how many are open and the day the oldest was asked, in Tallinn."""

    open: int
    oldest: date | None


class Approvals(NamedTuple):
    """Refunds that wait for a second person."""

    refunds: int
    currency: str
    minor: int


# Still to come is what no money was given for, as the receivables of the books have it.
# `bulk` is a container: what it holds is owed on its members, never on itself.
# Overdue is what the list takes for it (invoice_filter: LATE), whatever was tried or paid in part meanwhile.
# Each age is added up by itself: put into one of five by a function, sixty thousand would have to be sorted.
OPEN = text("""
select age.nth, s.* from unnest(cast(:since as timestamptz[]), cast(:until as timestamptz[])) with ordinality
                           as age (since, until, nth),
       lateral (
select coalesce(status = 'overdue' or overdue_at is not null or due_on < :today, false), currency, count(*),
       sum(total_minor - credited_minor - captured_minor)::bigint
  from invoice
 where status in ('charged_with_error', 'overdue', 'partially_paid', 'pending', 'unpaid') and kind <> 'bulk'
   and created_at >= age.since and created_at < age.until
 group by 1, 2) s order by 1 desc, 2, 3
""")

OPEN_OF_MONTH = text("""
select i.code, v.currency, count(*), sum(v.total_minor - v.credited_minor - v.captured_minor)::bigint
  from invoice v join initiator i on i.id = v.initiator_id
 where v.status in ('charged_with_error', 'overdue', 'partially_paid', 'pending', 'unpaid') and v.kind <> 'bulk'
   and v.created_at >= :since and v.created_at < :until
 group by 1, 2 order by 4 desc
""")

LANES = text("""
with owed as (
  select lane_id, count(*) as waiting, count(*) filter (where last_error_class is not null) as retried
    from outbox where state = 'pending' group by 1),
stuck as (
  select lane_id, count(*) filter (where state = 'dead') as dead, count(*) filter (where state = 'held') as held
    from outbox where state in ('dead', 'held') group by 1)
select l.id, l.name, l.failures, case when l.paused_until > now() then l.paused_until end, l.stopped_at is not null,
       coalesce(o.waiting, 0), coalesce(o.retried, 0), coalesce(s.dead, 0), coalesce(s.held, 0), i.code, e.url
  from lane l left join owed o on o.lane_id = l.id left join stuck s on s.lane_id = l.id
       left join webhook_endpoint e on e.lane_id = l.id and e.enabled left join initiator i on i.id = e.initiator_id
 order by l.name
""")

BEATS = text("""
select (select created_at from inbox where source = 'everypay' order by id desc limit 1),
       (select created_at from seal order by id desc limit 1),
       r.finished_at, r.unproven, c.finished_at, c.day,
       (select created_at from schedule_run order by id desc limit 1)
  from (select 1) one
  left join (select finished_at, (select count(*) from proof_result p where p.run_id = r.id and p.state <> 'holds')
                    as unproven
               from proof_run r where finished_at is not null order by id desc limit 1) r on true
  left join (select finished_at, day from comparison where finished_at is not null order by day desc limit 1) c on true
""")

LATEST = text("""
select v.id, v.number, v.customer_name, i.code, v.status, v.total_minor, v.currency, v.created_at
  from (select * from invoice order by created_at desc, id desc limit :size) v
  join initiator i on i.id = v.initiator_id
 order by v.created_at desc, v.id desc
""")

QUESTIONS = text("""
select count(*), (min(created_at) at time zone 'Europe/Tallinn')::date from review_item where resolved_at is null
""")

APPROVALS = text("""
select count(*), currency, sum(amount_minor)::bigint from refund where status = 'pending_approval'
 group by 2 order by 3 desc
""")


def latest(size: int) -> list[Latest]:
    """Return the newest invoices."""
    return [Latest(*row) for row in session().execute(LATEST, {"size": size})]


def open_by_age(today: date) -> list[OpenSum]:
    """Return what is open by age (an index into AGES) and whether it is overdue."""
    since = [datetime.min.replace(tzinfo=UTC) if last is None else midnight(today - timedelta(days=last))
             for _first, last in AGES]  # fmt: skip
    until = [datetime.max.replace(tzinfo=UTC), *since[:-1]]
    found = session().execute(OPEN, {"since": since, "until": until, "today": today})
    return [OpenSum(nth - 1, *rest) for nth, *rest in found]


def open_of(first: date, last: date) -> list[Missing]:
    """Return what is open of the invoices created on these days, by service, most first."""
    span = {"since": midnight(first), "until": midnight(last + timedelta(days=1))}
    return [Missing(*row) for row in session().execute(OPEN_OF_MONTH, span)]


def lanes() -> list[Lane]:
    """Return every destination with what is owed to it."""
    return [Lane(*row) for row in session().execute(LANES)]


def beats() -> Beat:
    """Return when the gateway, the sealer, the comparison and the clock were last heard of."""
    return Beat(*session().execute(BEATS).one())


def questions() -> Questions:
    """Return how many questions wait, and since when."""
    return Questions(*session().execute(QUESTIONS).one())


def approvals() -> list[Approvals]:
    """Return the refunds that wait for a second person, by currency."""
    return [Approvals(*row) for row in session().execute(APPROVALS)]
