"""Everything that happened and who did it, and how far it is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, text, tuple_

from app.domain.errors import NotFound
from app.models.base import DEFAULT_TENANT
from app.models.event import Event
from app.models.invoice import Invoice
from app.models.operator import Operator
from app.models.payment import GatewayReference, Payment
from app.models.seal import Seal
from app.queries.counting import count_up_to
from app.queries.paging import PAGE_SIZE, Count, Cursor, Page, next_cursor
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

COUNTED = 1_000
KINDS_OFFERED = 200
PEOPLE_OFFERED = 100
LONGEST_NUMBER = 15
GATEWAYS = ("everypay",)
CHAINS = {"ledger": "ledger_entry", "event": "event"}

KINDS = text("""
with recursive word as (
  (select kind, 1 as place from event order by kind limit 1)
  union all
  select next.kind, word.place + 1 from word, lateral (
    select kind from event where kind > word.kind order by kind limit 1) next
   where word.place < :most
)
select kind from word
""")
CHAIN = """
select s.position, s.row_id, s.created_at, s.hash,
       (select count(*) from (select 1 from {table} where id > coalesce(s.row_id, 0) limit :most) behind)
  from (select 1) as once
       left join lateral (
         select position, row_id, created_at, hash from seal where chain = :chain
          order by position desc limit 1) s on true
"""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What somebody is looking for; `text` is an invoice number or a gateway's reference. `people` are operators."""

    text: str = ""
    kinds: tuple[str, ...] = ()
    people: tuple[int, ...] = ()
    actors: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return bool(self.text or self.kinds or self.people or self.actors or self.since or self.until)


class AuditRow(NamedTuple):
    """One line of the list."""

    event: Event
    invoice: int | None


class ChainState(NamedTuple):
    """How far a chain is sealed; `behind` rows wait for it, counted up to a thousand."""

    position: int | None
    row_id: int | None
    sealed_at: datetime | None
    head: bytes | None
    behind: int


@dataclass(frozen=True, slots=True)
class AuditDetail:
    """One event, what it is about, and its link in the chain once it is sealed."""

    event: Event
    invoice: int | None
    seal: Seal | None


def search(wanted: AuditFilter, cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> Page[AuditRow]:
    """Return a page of events, newest first, and how many match, counted up to a thousand."""
    statement = _matching(wanted).order_by(Event.created_at.desc(), Event.id.desc()).limit(size + 1)
    if cursor is not None:
        statement = statement.where(tuple_(Event.created_at, Event.id) < (cursor.created_at, cursor.id))
    found = statement.subquery()
    rows = [
        AuditRow(event, number)
        for event, number in session().execute(
            select(Event, Invoice.number)
            .join(found, found.c.id == Event.id)
            .join(Invoice, Invoice.id == Event.invoice_id, isouter=True)
            .order_by(Event.created_at.desc(), Event.id.desc())
        )
    ]
    return Page(rows[:size], next_cursor([row.event for row in rows], size), count(wanted))


def count(wanted: AuditFilter) -> Count:
    """Return how many events match, counted up to a thousand."""
    # In the order of the list: unordered, days of this year would be looked for from the oldest event on.
    return count_up_to(COUNTED, _matching(wanted).order_by(Event.created_at.desc(), Event.id.desc()))


def kinds() -> list[str]:
    """Return the kinds of events there are."""
    return list(session().scalars(KINDS, {"most": KINDS_OFFERED}))


def people() -> Sequence[Operator]:
    """Return the people who ever signed in, by name."""
    return session().scalars(select(Operator).order_by(Operator.name, Operator.id).limit(PEOPLE_OFFERED)).all()


def detail(event_id: int) -> AuditDetail:
    """Return one event. Raises NotFound."""
    tx = session()
    event = tx.get(Event, event_id)
    if event is None:
        raise NotFound("event", event_id)
    number = (
        None if event.invoice_id is None else tx.scalar(select(Invoice.number).where(Invoice.id == event.invoice_id))
    )
    seal = tx.scalars(select(Seal).where(Seal.chain == "event", Seal.row_id == event.id)).one_or_none()
    return AuditDetail(event, number, seal)


def chain(name: str) -> ChainState:
    """Return how far a chain is sealed."""
    query = text(CHAIN.format(table=CHAINS[name]))
    return ChainState(*session().execute(query, {"chain": name, "most": COUNTED + 1}).one())


def _matching(wanted: AuditFilter) -> Select[Any]:
    statement = select(Event.id).where(*_conditions(wanted))
    who: list[ColumnElement[bool]] = []
    if wanted.people:
        # Written so that the index of people's own actions answers.
        who.append(and_(Event.actor_kind == "operator", Event.actor.in_([str(each) for each in wanted.people])))
    if wanted.actors:
        who.append(Event.actor_kind.in_(wanted.actors))
    return statement.where(or_(*who)) if who else statement


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kinds:
        conditions.append(Event.kind.in_(wanted.kinds))
    if wanted.since is not None:
        conditions.append(Event.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Event.created_at < wanted.until)
    if wanted.text:
        invoices = _invoices(wanted.text)
        conditions.append(Event.invoice_id.in_(invoices) if invoices else false())
    return conditions


def _invoices(words: str) -> list[int]:
    """Return the invoices a number or a gateway's reference names."""
    if words.isascii() and words.isdigit() and len(words) <= LONGEST_NUMBER:
        return list(session().scalars(select(Invoice.id).filter_by(tenant_id=DEFAULT_TENANT, number=int(words))))
    found = session().scalars(
        select(Payment.invoice_id)
        .join(GatewayReference, GatewayReference.payment_id == Payment.id)
        .where(GatewayReference.tenant_id == DEFAULT_TENANT, GatewayReference.gateway.in_(GATEWAYS))
        .where(GatewayReference.external_id == words)
    )
    return [each for each in found if each is not None]
