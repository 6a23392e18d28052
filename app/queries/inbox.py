"""What came from outside: the list, and one message with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, select, text, union_all

from app.domain.errors import NotFound
from app.models.base import DEFAULT_TENANT
from app.models.inbox import InboxMessage
from app.models.invoice import Invoice
from app.models.payment import GatewayReference, Payment
from app.queries.counting import count_up_to
from app.queries.paging import PAGE_SIZE, Count, Cursor, Page, next_cursor
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

COUNTED = 1_000
KINDS_OFFERED = 40  # anybody may call with a name of their own
SIBLINGS = 20
LONGEST_NUMBER = 15

KINDS = text("""
with recursive word as (
  (select kind, 1 as place from inbox order by kind limit 1)
  union all
  select next.kind, word.place + 1 from word, lateral (
    select kind from inbox where kind > word.kind order by kind limit 1) next
   where word.place < :most
)
select kind from word
""")

STATES: dict[str, ColumnElement[bool]] = {
    "waiting": InboxMessage.handled_at.is_(None),
    "handled": and_(InboxMessage.handled_at.is_not(None), InboxMessage.payment_id.is_not(None)),
    "stranger": and_(InboxMessage.handled_at.is_not(None), InboxMessage.payment_id.is_(None)),
}


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What somebody is looking for; `text` is a gateway's reference or an invoice number."""

    text: str = ""
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return bool(self.text or self.kinds or self.states)


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One line of the list."""

    id: int
    created_at: datetime
    source: str
    kind: str
    reference: str | None
    state: str
    outcome: str | None
    invoice: int | None


@dataclass(frozen=True, slots=True)
class InboxDetail:
    """Everything one page says about a message."""

    message: InboxMessage
    invoice: Invoice | None
    reference: GatewayReference | None
    siblings: Sequence[InboxMessage]


def search(wanted: InboxFilter, cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> Page[InboxRow]:
    """Return a page of messages, newest first, and how many match, counted up to a thousand."""
    ids = _ids(wanted, size + 1, before=cursor.id if cursor else None).subquery()
    found = session().execute(
        select(InboxMessage, Invoice.number)
        .join(Invoice, Invoice.id == InboxMessage.invoice_id, isouter=True)
        .where(InboxMessage.id.in_(select(ids.c.id)))
        .order_by(InboxMessage.id.desc())
        .limit(size + 1)
    )
    rows = [_row(message, number) for message, number in found]
    return Page(rows[:size], next_cursor(rows, size), count(wanted))


def count(wanted: InboxFilter) -> Count:
    """Return how many messages match, counted up to a thousand."""
    return count_up_to(COUNTED, select(_ids(wanted, COUNTED + 1).subquery().c.id))


def kinds() -> list[str]:
    """Return the kinds of messages there are, the first forty by name."""
    return list(session().scalars(KINDS, {"most": KINDS_OFFERED}))


def detail(message_id: int) -> InboxDetail:
    """Return everything about one message. Raises NotFound."""
    tx = session()
    message = tx.get(InboxMessage, message_id)
    if message is None:
        raise NotFound("message", message_id)
    of_it = (
        InboxMessage.tenant_id == message.tenant_id,
        InboxMessage.source == message.source,
        InboxMessage.external_id == message.external_id,
    )
    reference = tx.scalars(
        select(GatewayReference).where(
            GatewayReference.tenant_id == message.tenant_id,
            GatewayReference.gateway == message.source,
            GatewayReference.external_id == message.external_id,
        )
    ).one_or_none()
    siblings = tx.scalars(
        select(InboxMessage)
        .where(*of_it, InboxMessage.id != message.id)
        .order_by(InboxMessage.id.desc())
        .limit(SIBLINGS)
    ).all()
    invoice = None if message.invoice_id is None else tx.get(Invoice, message.invoice_id)
    return InboxDetail(message, invoice, reference, siblings)


def _row(message: InboxMessage, number: int | None) -> InboxRow:
    return InboxRow(
        id=message.id,
        created_at=message.created_at,
        source=message.source,
        kind=message.kind,
        reference=message.external_id,
        state=state_of(message),
        outcome=message.outcome,
        invoice=number,
    )


def state_of(message: InboxMessage) -> str:
    """Return how a message stands: `waiting`, `handled`, or `stranger` when it is about nobody's payment."""
    if message.handled_at is None:
        return "waiting"
    return "stranger" if message.payment_id is None else "handled"


def _ids(wanted: InboxFilter, most: int, *, before: int | None = None) -> Any:
    """Return the query for the newest ids; each kind and state is read from its own index."""
    conditions = [] if before is None else [InboxMessage.id < before]
    if wanted.text:
        conditions.append(_about(wanted.text))
    parts = [
        select(InboxMessage.id).where(*conditions, *alternative).order_by(InboxMessage.id.desc()).limit(most).subquery()
        for alternative in _alternatives(wanted)
    ]
    return union_all(*(select(part.c.id) for part in parts))


def _alternatives(wanted: InboxFilter) -> list[list[ColumnElement[bool]]]:
    kinds_: list[list[ColumnElement[bool]]] = [[InboxMessage.kind == each] for each in wanted.kinds] or [[]]
    states: list[list[ColumnElement[bool]]] = [[STATES[each]] for each in wanted.states] or [[]]
    return [[*kind, *state] for kind in kinds_ for state in states]


def _about(words: str) -> ColumnElement[bool]:
    """Return the condition for a gateway's reference, or for all references of an invoice."""
    if not (words.isascii() and words.isdigit() and len(words) <= LONGEST_NUMBER):
        return InboxMessage.external_id == words
    of_invoice = (
        select(Payment.external_id)
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .where(Invoice.tenant_id == DEFAULT_TENANT, Invoice.number == int(words), Payment.external_id.is_not(None))
    )
    references = list(session().scalars(of_invoice))
    return InboxMessage.external_id.in_(references) if references else false()
