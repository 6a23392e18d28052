"""Repeated calls: the first answer under a key is the answer, for thirty days (reliability.md 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Conflict, Invalid
from app.models.idempotency import IdempotencyKey
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = timedelta(days=30)
# A call that began and never ended is taken over after this time: the verbs behind the keys are repeatable by nature.
HELD = timedelta(seconds=60)


class StillRunning(Conflict):
    """The first call with this Idempotency-Key has not ended yet; ask again in a moment."""


class KeyReused(Invalid):
    """This Idempotency-Key was used with another body."""


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


def run(call: Call, execute: Callable[[], Reply], *, atomic: bool) -> Reply:
    """Return the stored answer of this call, or execute it and store the answer.

    With `atomic` the answer is written in the transaction of the effect. An exception stores nothing: nothing was
    done, so a repeat is safe. Raises StillRunning and KeyReused.
    """
    stored = _begin(call)
    if stored is not None:
        return stored
    try:
        if atomic:
            with transaction():
                reply = execute()
                _store(call, reply)
                return reply
        reply = execute()
        with transaction():
            _store(call, reply)
    except BaseException:
        _forget(call)
        raise
    return reply


def _begin(call: Call) -> Reply | None:
    with transaction() as tx:
        begun = tx.execute(
            insert(IdempotencyKey)
            .values(
                tenant_id=call.tenant_id,
                principal=call.principal,
                route=call.route,
                key=call.key,
                fingerprint=call.fingerprint,
                state="running",
                locked_until=func.now() + HELD,
                expires_at=func.now() + KEPT,
            )
            .on_conflict_do_nothing()
            .returning(IdempotencyKey.id)
        ).scalar_one_or_none()
        if begun is not None:
            return None
        row = tx.scalars(
            select(IdempotencyKey).where(*_is(call)).with_for_update().execution_options(populate_existing=True)
        ).one()
        return _repeat(row, call, expired=bool(tx.scalar(select(row.locked_until < func.now()))))


def _repeat(row: IdempotencyKey, call: Call, *, expired: bool) -> Reply | None:
    if row.fingerprint != call.fingerprint:
        raise KeyReused.field("Idempotency-Key", "was used with another body")
    if row.state == "done":
        return Reply(row.status or 200, row.body or {}, replayed=True)
    if not expired:
        raise StillRunning
    row.locked_until = func.now() + HELD
    return None


def _store(call: Call, reply: Reply) -> None:
    with transaction() as tx:
        tx.execute(update(IdempotencyKey).where(*_is(call)).values(state="done", status=reply.status, body=reply.body))


def _forget(call: Call) -> None:
    """Give the key free again: a refused call may be corrected and sent once more under it."""
    with transaction() as tx:
        tx.execute(
            text(
                "delete from idempotency_key where tenant_id = :tenant_id and principal = :principal and route = :route "
                "and key = :key and state = 'running'"
            ),
            {"tenant_id": call.tenant_id, "principal": call.principal, "route": call.route, "key": call.key},
        )


def _is(call: Call) -> tuple[Any, ...]:
    return (
        IdempotencyKey.tenant_id == call.tenant_id,
        IdempotencyKey.principal == call.principal,
        IdempotencyKey.route == call.route,
        IdempotencyKey.key == call.key,
    )
