"""Closing days: what came and went on a day that is over is added up once, so that nobody adds up a year again.

Who writes into such a day later reopens it (trigger `reopen_day`), and the next closing adds it up anew.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain.tallinn import TALLINN
from app.models.closed_day import CLOSING_LOCK
from app.models.ledger import SIDE_MOVED
from app.queries.money_moved import CAME, WENT, midnight
from app.uow import transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# No transaction stays open longer than this, so none can still add a payment to a day that ended before.
MARGIN = timedelta(days=1)
# Days, the newest first: the first closing of a long history takes several turns, each of several transactions, so
# that nobody who writes into the past waits for more than one of them.
AT_ONCE, STEPS = 40, 10

TRY_LOCK = text("select pg_try_advisory_xact_lock(:lock)")
FIRST = text(f"""
select least((select min(p.completed_at) from payment p where {CAME}),
             (select min(t.created_at) from ledger_transaction t where {WENT}))
""")  # noqa: S608 - the parts are ours
KEYS, COUNTS = "day, tenant_id, gateway, initiator_id, currency", "payments, in_minor, returns, back_minor"
CLOSED = text("select day from closed_day where day >= :first")
# Day by day along the index of days: a join of all days with all payments would compare each. What a day adds up to is
# the sum of its payers, so that the two cannot differ.
CLOSE = text(f"""
with span as (
  select * from unnest(cast(:days as date[]), cast(:since as timestamptz[]), cast(:until as timestamptz[]))
                as span (day, since, until)
), closed as (
  insert into closed_day (day) select day from span
), moved as (
  select s.day, came.* from span s, lateral (
    select p.gateway, p.initiator_id, p.currency, coalesce(v.customer_name, '') as payer,
           count(*) as payments, sum(p.captured_minor) as in_minor, 0 as returns, 0 as back_minor
      from payment p left join invoice v on v.id = p.invoice_id
     where {CAME} and p.completed_at >= s.since and p.completed_at < s.until group by 1, 2, 3, 4) came
  union all
  select s.day, went.* from span s, lateral (
    select e.gateway, p.initiator_id, e.currency, coalesce(v.customer_name, ''), 0, 0, count(*), -sum(e.amount_minor)
      from ledger_transaction t
      join payment p on p.id = t.payment_id
      left join invoice v on v.id = p.invoice_id {SIDE_MOVED}
     where {WENT} and t.created_at >= s.since and t.created_at < s.until group by 1, 2, 3, 4) went
), by_payer as (
  insert into day_payer ({KEYS}, payer, {COUNTS}, place)
  select m.day, i.tenant_id, m.gateway, m.initiator_id, m.currency, m.payer,
         sum(m.payments), sum(m.in_minor), sum(m.returns), sum(m.back_minor), row_number() over (partition by m.day)
    from moved m join initiator i on i.id = m.initiator_id group by 1, 2, 3, 4, 5, 6
  returning *
)
insert into day_total ({KEYS}, {COUNTS})
select {KEYS}, sum(payments), sum(in_minor), sum(returns), sum(back_minor) from by_payer group by {KEYS}
""")  # noqa: S608


def close(now: datetime | None = None) -> int:
    """Close the days that ended a day ago or earlier and return how many; none while somebody writes into the past.

    Four hundred at most: who has more to close asks again.
    """
    closed = 0
    for _ in range(STEPS):
        some = _close_some(now or datetime.now(UTC))
        closed += some
        if some < AT_ONCE:
            break
    return closed


def _close_some(now: datetime) -> int:
    with transaction() as tx:
        if not tx.scalar(TRY_LOCK, {"lock": CLOSING_LOCK}):
            return 0
        days = _open_days(tx, now)[-AT_ONCE:]
        if days:
            since, until = map(midnight, days), (midnight(day + timedelta(days=1)) for day in days)
            tx.execute(CLOSE, {"days": days, "since": list(since), "until": list(until)})
        return len(days)


def _open_days(tx: Session, now: datetime) -> list[date]:
    """Return the days that may be closed and are not, from the first on which money moved."""
    began = tx.scalar(FIRST)
    if began is None:
        return []
    first, last = _day(began), _day(now - MARGIN) - timedelta(days=1)
    closed = set(tx.scalars(CLOSED, {"first": first}))
    days = (first + timedelta(days=nth) for nth in range((last - first).days + 1))
    return [day for day in days if day not in closed]


def _day(moment: datetime) -> date:
    return moment.astimezone(TALLINN).date()
