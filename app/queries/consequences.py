"""What the transaction that is open has done so far: for a rehearsal to tell before all of it is undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.models.webhook import SEND
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

EVENTS = text("""
select type, invoice_id from announcement
 where initiator_id = any(:owns) and xact = announcement_place() order by id
""")
ENTRIES = text("""
select t.kind, a.code, e.amount_minor, e.currency
  from ledger_transaction t join ledger_entry e on e.transaction_id = t.id join ledger_account a on a.id = e.account_id
 where t.invoice_id = any(:invoices) and t.xmin = pg_current_xact_id()::xid
 order by t.id, e.id
""")
# Of what happened now, and of what happened before and is sent to an endpoint once more.
MESSAGES = text("""
with near as (
  select id from outbox where invoice_id = any(:invoices)
  union
  select o.id from webhook_endpoint e
    join outbox o on o.lane_id = e.lane_id and o.kind = :send and o.created_at >= now()
   where e.initiator_id = any(:owns)
)
select o.kind, l.name, o.payload ->> 'event' from near join outbox o using (id) join lane l on l.id = o.lane_id
 where o.xmin = pg_current_xact_id()::xid and l.queue <> 'background'
 order by o.id
""")


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a booking: `amount_minor` is positive on the debit side."""

    transaction: str
    account: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message that is owed: `event` is the public event it tells, None for those of the old interface."""

    kind: str
    lane: str
    event: str | None


@dataclass(frozen=True, slots=True)
class Consequences:
    """Bookings, public events and messages of one transaction."""

    entries: tuple[Entry, ...]
    events: tuple[str, ...]
    messages: tuple[Message, ...]


def of_this_transaction(owns: Sequence[int]) -> Consequences:
    """Return what the open transaction has booked, announced and owed about invoices of these initiators.

    Rules that wait for the end of the transaction are applied first. Raises what they raise.
    """
    session().execute(text("set constraints all immediate"))
    events = session().execute(EVENTS, {"owns": list(owns)}).all()
    invoices = {"invoices": list({each.invoice_id for each in events if each.invoice_id})}
    near = {**invoices, "owns": list(owns), "send": SEND}
    return Consequences(
        entries=tuple(Entry(*row) for row in session().execute(ENTRIES, invoices)),
        events=tuple(each.type for each in events),
        messages=tuple(Message(*row) for row in session().execute(MESSAGES, near)),
    )
