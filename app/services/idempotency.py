"""Repeated calls: the first good answer under a key is the answer, for thirty days (reliability.md 3.6).

Only successes are kept. A refused or failed call changed nothing, so it may be corrected and sent again under its key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Conflict, Invalid
from app.models.idempotency import IdempotencyKey
from app.uow import asked_before_requests, retried, transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session

KEPT = timedelta(days=30)
# How long a call that goes to the outside is not heard of before another one may take its place: it is heard of with
# each request that leaves. Its verbs are repeatable by nature, so a call that died meanwhile loses nothing.
HELD = timedelta(seconds=60)
SWEPT_ROWS = 1000
COME_BACK_S = 2

# Taken by whoever works on a key and gone with its transaction, whatever becomes of the process.
TURN = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


class StillRunning(Conflict):
    """The first call with this Idempotency-Key has not ended yet; ask again in a moment."""

    def __init__(self) -> None:
        super().__init__(code="still_running", retry_after_s=COME_BACK_S)


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls what, under which key, with which body (its SHA-256)."""

    tenant_id: int
    principal: str
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, JSON body, and whether it was given before."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


@retried
def run(call: Call, execute: Callable[[], Reply]) -> Reply:
    """Return the kept answer of this call, or execute it and keep the answer in the transaction of its effects.

    An exception keeps nothing, because nothing was done. Raises StillRunning, Invalid for a key used with another body.
    """
    with transaction() as tx:
        kept = _kept(tx, call)
        if kept is not None:
            return kept
        reply = execute()
        _keep(tx, call, reply)
        return reply


def run_outside(call: Call, execute: Callable[[], Reply]) -> Reply:
    """Do the same for a verb that calls the outside between two transactions of its own.

    The answer is kept after the effect; a crash in between repeats a verb that is safe to repeat. Who went silent for
    a minute may find another in its place: then it sends nothing any more, and the other's row is the other's.
    """
    with transaction() as tx:
        kept = _kept(tx, call)
        if kept is not None:
            return kept
        place = _Place(call, _keep(tx, call, None))
    try:
        with asked_before_requests(place.hold_on):
            reply = execute()
    except BaseException:
        place.leave()
        raise
    place.keep(reply)
    return reply


class _Place:
    """The place of whoever works on a key, until a moment that no other holder has."""

    def __init__(self, call: Call, until: datetime) -> None:
        self._call, self._until = call, until

    def hold_on(self) -> None:
        """Hold the place for another minute. Raises StillRunning when somebody else has it by now."""
        with transaction() as tx:
            held = update(IdempotencyKey).where(*self._ours()).values(locked_until=func.now() + HELD)
            until = tx.scalar(held.returning(IdempotencyKey.locked_until))
        if until is None:
            raise StillRunning
        self._until = until

    def keep(self, reply: Reply) -> None:
        """Keep the answer; that of who took the place meanwhile stays."""
        with transaction() as tx:
            tx.execute(update(IdempotencyKey).where(*self._ours()).values(**_answer(self._call, reply)))

    def leave(self) -> None:
        """Leave the place to the next; nothing was done."""
        with transaction() as tx:
            tx.execute(delete(IdempotencyKey).where(*self._ours()))

    def _ours(self) -> tuple[Any, ...]:
        return *_is(self._call), IdempotencyKey.state == "running", IdempotencyKey.locked_until == self._until


def sweep() -> int:
    """Delete up to a thousand keys whose thirty days are over; return how many."""
    expired = select(IdempotencyKey.id).where(IdempotencyKey.expires_at < func.now()).limit(SWEPT_ROWS)
    with transaction() as tx:
        gone = tx.execute(delete(IdempotencyKey).where(IdempotencyKey.id.in_(expired)).returning(IdempotencyKey.id))
        return len(gone.all())


def _kept(tx: Session, call: Call) -> Reply | None:
    name = f"{call.tenant_id}/{call.principal}/{call.route}/{call.key}"
    if not tx.scalar(TURN, {"name": name}):
        raise StillRunning
    found = tx.execute(
        select(
            IdempotencyKey.fingerprint,
            IdempotencyKey.state,
            IdempotencyKey.status,
            IdempotencyKey.body,
            IdempotencyKey.locked_until > func.now(),
        ).where(*_is(call), IdempotencyKey.expires_at > func.now())
    ).one_or_none()
    if found is None:
        return None
    fingerprint, state, status, body, held = found
    if fingerprint != call.fingerprint:
        raise Invalid.field("Idempotency-Key", "was used with another body")
    if state == "done":
        return Reply(status or 0, body or {}, replayed=True)
    if held:
        raise StillRunning
    return None


def _keep(tx: Session, call: Call, reply: Reply | None) -> datetime:
    """Write the answer, or that one is on its way, and return until when the place is held.

    A row that expired or whose caller died is written over.
    """
    values = _answer(call, reply)
    who = {"tenant_id": call.tenant_id, "principal": call.principal, "route": call.route, "key": call.key}
    written = insert(IdempotencyKey).values(**who, **values)
    return tx.execute(
        written.on_conflict_do_update(index_elements=list(who), set_=values).returning(IdempotencyKey.locked_until)
    ).scalar_one()


def _answer(call: Call, reply: Reply | None) -> dict[str, Any]:
    return {
        "fingerprint": call.fingerprint,
        "state": "running" if reply is None else "done",
        "status": None if reply is None else reply.status,
        "body": None if reply is None else reply.body,
        "locked_until": func.now() + HELD,
        "expires_at": func.now() + KEPT,
    }


def _is(call: Call) -> tuple[Any, ...]:
    return (
        IdempotencyKey.tenant_id == call.tenant_id,
        IdempotencyKey.principal == call.principal,
        IdempotencyKey.route == call.route,
        IdempotencyKey.key == call.key,
    )
