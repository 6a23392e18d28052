"""What happened to one invoice, in order: the timeline's events with what the outside said, and the bookings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select, tuple_

from app.models.event import Event
from app.models.inbox import InboxMessage
from app.models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.models.base import Json
    from app.models.payment import Payment

# Shown from the inbox instead, whose messages know when each came.
TOLD_OTHERWISE = {"gateway.callback.received"}
# Anybody may send a callback, so nobody may make a page endless by it.
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: `kind` is subject.noun.verb, `data` what is worth knowing of it."""

    at: datetime
    kind: str
    actor_kind: str
    actor: str
    reason: str | None = None
    data: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a booking: debits positive, credits negative, in minor units."""

    account: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Booking:
    """One transaction of the books."""

    id: int
    kind: str
    at: datetime
    sides: tuple[Side, ...]

    @property
    def is_balanced(self) -> bool:
        """Return whether debits and credits are equal in every currency."""
        sums: dict[str, int] = {}
        for side in self.sides:
            sums[side.currency] = sums.get(side.currency, 0) + side.amount_minor
        return not any(sums.values())


def of_invoice(invoice_id: int, messages: Sequence[InboxMessage]) -> list[Happening]:
    """Return what happened to the invoice, the messages about its payments included, newest first."""
    told = session().scalars(
        select(Event).where(Event.invoice_id == invoice_id).order_by(Event.id.desc()).limit(LONGEST)
    )
    events = [
        Happening(each.created_at, each.kind, each.actor_kind, each.actor, each.reason, each.data)
        for each in told
        if each.kind not in TOLD_OTHERWISE
    ]
    # Sorting is stable: what one transaction wrote in the same instant keeps its order.
    return sorted([*events, *_callbacks(messages)[::-1]], key=lambda each: each.at, reverse=True)


def messages_about(payments: Sequence[Payment]) -> Sequence[InboxMessage]:
    """Return what gateways sent about these payments, oldest first; of a flood only the latest."""
    references = {(each.gateway, each.external_id) for each in payments if each.external_id}
    if not references:
        return []
    latest = (
        select(InboxMessage)
        .where(tuple_(InboxMessage.source, InboxMessage.external_id).in_(sorted(references)))
        .order_by(InboxMessage.id.desc())
        .limit(LONGEST)
    )
    return session().scalars(latest).all()[::-1]


def bookings_of(invoice_id: int) -> list[Booking]:
    """Return what was booked for the invoice, oldest first, with all sides."""
    rows = session().execute(
        select(LedgerTransaction, LedgerAccount.code, LedgerEntry.amount_minor, LedgerEntry.currency)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerTransaction.invoice_id == invoice_id)
        .order_by(LedgerTransaction.id, LedgerEntry.amount_minor.desc(), LedgerEntry.id)
    )
    grouped: dict[int, tuple[LedgerTransaction, list[Side]]] = {}
    for transaction, account, amount_minor, currency in rows:
        grouped.setdefault(transaction.id, (transaction, []))[1].append(Side(account, amount_minor, currency))
    return [Booking(each.id, each.kind, each.created_at, tuple(sides)) for each, sides in grouped.values()]


def _callbacks(messages: Sequence[InboxMessage]) -> list[Happening]:
    """Return one happening for all messages that one look answered: those that came before the first was handled."""
    bursts: list[list[InboxMessage]] = []
    for each in messages:
        if bursts and _one_look(bursts[-1][0], each):
            bursts[-1].append(each)
        else:
            bursts.append([each])
    return [_burst(burst) for burst in bursts]


def _one_look(first: InboxMessage, later: InboxMessage) -> bool:
    if first.external_id != later.external_id:
        return False
    return first.handled_at is None or later.created_at <= first.handled_at


def _burst(burst: list[InboxMessage]) -> Happening:
    first, last = burst[0], burst[-1]
    return Happening(
        at=first.created_at,
        kind="gateway.callback.received",
        actor_kind="gateway",
        actor=first.source,
        data={
            "event": first.kind,
            "messages": len(burst),
            "within_ms": int(_seconds(first, last) * 1000),
            "waiting": any(each.handled_at is None for each in burst),
            "outcome": last.outcome,
        },
    )


def _seconds(first: InboxMessage, last: InboxMessage) -> float:
    return (last.created_at - first.created_at).total_seconds()
