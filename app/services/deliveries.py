"""What people do with messages: send again, cancel, decide about those nobody knows of (reliability.md 3.3, 3.7).

A message is sent again as it was frozen and stays the row it was, so that one fact keeps one message for ever. Each
verb is one statement: whatever is chosen changes together with its line on the timeline and the question about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from app.domain.errors import Conflict, NotFound
from app.models.outbox import OutboxRow
from app.models.webhook import SEND
from app.services.notices import PAYMENT_STATUS, SYNCHRONISE
from app.services.refunds import EXECUTE
from app.uow import retried, ring_after_commit, transaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.services.timeline import Actor

AT_ONCE = 10_000
MESSAGES = (PAYMENT_STATUS, SYNCHRONISE, SEND)
# A refund is asked for again where refunds are; what the clock brings it brings again by itself.
NEVER_AGAIN = (EXECUTE,)
OF_THE_CLOCK = "schedule.%"

# What may go once more. `risk` is a person's word that a notice which counts twice may be repeated.
MAY = """(
  case state when 'dead' then kind <> all(:never) and kind not like :clock
             when 'cancelled' then kind <> all(:never) and kind not like :clock
             when 'pending' then run_at > now()
             when 'done' then kind = any(:messages) and (repeatable or :risk)
             when 'held' then :risk
             else false end)"""
RISKY = "(not repeatable and state in ('done', 'held'))"
THESE = "id = any(:ids)"
SINCE = """lane_id = :lane_id and kind = any(:messages) and created_at >= :since and created_at < :until
           and state = any(:states)"""

# What follows from `changed`: a line on the timeline, and of what is ended no question waits. What is sent again keeps
# its question until it got through.
TOLD = """
told as (
  insert into event (tenant_id, kind, invoice_id, payment_id, actor_kind, actor, reason, data)
  select tenant_id, :told, invoice_id, payment_id, :actor_kind, :actor, :reason,
         jsonb_build_object('outbox', id, 'kind', kind, 'was', was, 'attempts', tries)
    from changed
)"""
ANSWERED = """, answered as (
  update review_item r set resolved_at = clock_timestamp(), resolved_by = :by, resolution = :resolution
    from changed
   where r.kind = 'outbox.dead' and r.resolved_at is null and r.evidence ->> 'outbox' = changed.id::text
)"""
COUNTED = "select count(*) from changed"
AGAIN = f"""
with chosen as materialized (
  select id, state, attempts from outbox where {{which}} and {MAY}
   order by created_at, id limit :most for update skip locked
), changed as (
  update outbox o set state = 'pending', run_at = now(), done_at = null,
         attempts = case chosen.state when 'pending' then o.attempts else 0 end,
         last_error_class = case chosen.state when 'pending' then o.last_error_class end,
         last_error = case chosen.state when 'pending' then o.last_error end
    from chosen where o.id = chosen.id
  returning o.id, o.tenant_id, o.kind, o.invoice_id, o.payment_id, chosen.state as was, chosen.attempts as tries
), {TOLD}
{COUNTED}
"""  # noqa: S608 - own text
END = f"""
with chosen as materialized (
  select id, state, attempts from outbox where id = :id and state = any(:states) and kind = any(:kinds) for update
), changed as (
  update outbox o set state = :state, done_at = clock_timestamp()
    from chosen where o.id = chosen.id
  returning o.id, o.tenant_id, o.kind, o.invoice_id, o.payment_id, chosen.state as was, chosen.attempts as tries
), {TOLD}{ANSWERED}
{COUNTED}
"""  # noqa: S608 - own text
AGAIN_THESE = text(AGAIN.format(which=THESE))
AGAIN_SINCE = text(AGAIN.format(which=SINCE))
ENDED = text(END)
LOOK_AHEAD = f"""
select count(*) filter (where {MAY}), count(*) filter (where {RISKY} and not {MAY}),
       count(*) filter (where state = 'leased' or (state = 'pending' and run_at <= now()))
  from (select * from outbox where {{which}} order by created_at, id limit :most) chosen
"""  # noqa: S608 - own text
AHEAD_THESE = text(LOOK_AHEAD.format(which=THESE))
AHEAD_SINCE = text(LOOK_AHEAD.format(which=SINCE))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which messages: these, or those of one destination of some time that ended in these states."""

    ids: tuple[int, ...] = ()
    lane_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    states: tuple[str, ...] = ()
    risk: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """Return what the statements ask for."""
        return {
            "ids": list(self.ids),
            "lane_id": self.lane_id,
            "since": self.since,
            "until": self.until,
            "states": list(self.states),
            "risk": self.risk,
            "never": list(NEVER_AGAIN),
            "clock": OF_THE_CLOCK,
            "messages": list(MESSAGES),
            "most": AT_ONCE,
        }


@dataclass(frozen=True, slots=True)
class Ahead:
    """How many would go, would be left out because a repeat counts twice, and wait already; of the oldest 10,000."""

    many: int
    risky: int
    waiting: int

    @property
    def is_capped(self) -> bool:
        """Return whether there are more than go at once."""
        return self.many + self.risky + self.waiting >= AT_ONCE


def look_ahead(chosen: Chosen) -> Ahead:
    """Return what sending these again would do, without doing it."""
    with transaction() as tx:
        return Ahead(*tx.execute(AHEAD_THESE if chosen.ids else AHEAD_SINCE, chosen.values).one())


@retried
def send_again(chosen: Chosen, *, by: Actor, reason: str) -> int:
    """Owe these messages once more, as they were frozen; returns how many. What waits already is not owed twice."""
    with transaction() as tx:
        statement = AGAIN_THESE if chosen.ids else AGAIN_SINCE
        many = tx.scalar(statement, chosen.values | _who("delivery.resent", by, reason)) or 0
        ring_after_commit()
        return int(many)


def cancel(delivery_id: int, *, by: Actor, reason: str) -> None:
    """Send a message to nobody any more. Raises NotFound, Conflict unless it waits or was given up."""
    _end(delivery_id, "cancelled", ["pending", "dead"], _who("delivery.cancelled", by, reason), "cancelled")


def mark_done(delivery_id: int, *, by: Actor, reason: str) -> None:
    """Take a person's word that the other side has it. Raises NotFound, Conflict unless it waits for a person."""
    resolution = f"taken care of elsewhere: {reason}"
    _end(delivery_id, "done", ["held", "dead"], _who("delivery.marked_done", by, reason), resolution)


@retried
def _end(delivery_id: int, state: str, states: list[str], who: Mapping[str, Any], resolution: str) -> None:
    chosen = {"id": delivery_id, "state": state, "states": states, "kinds": list(MESSAGES)}
    values = {**chosen, **who, "resolution": resolution}
    with transaction() as tx:
        if not tx.scalar(ENDED, values):
            raise Conflict(_why_not(tx.scalars(select(OutboxRow).where(OutboxRow.id == delivery_id)).one_or_none()))


def _why_not(row: OutboxRow | None) -> str:
    if row is None:
        raise NotFound("delivery", "asked for")
    if row.kind not in MESSAGES:
        return "This is work of our own: only messages to others are ended by hand"
    if row.state == "leased":
        return "It is being sent at this moment: look again in a minute"
    return f"It has changed meanwhile and is {row.state} now"


def _who(told: str, by: Actor, reason: str) -> dict[str, Any]:
    return {"told": told, "actor_kind": by.kind, "actor": by.name, "reason": reason, "by": str(by)}
