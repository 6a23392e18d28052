"""Working the outbox, one lane's turn at a time: claim, do, finish (reliability.md 3.7)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from app import queue
from app.domain.errors import Outcome, ProviderFailure
from app.domain.retry import RetryClass, classify
from app.queue import Crash, DatabaseStayedAway, attempt, attempt_through_outage
from app.services import delivery_outcomes, lanes, outbox
from app.services.handlers import LEASE_S, BatchHandler, Handler, Handlers, RowHandler
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.ports import Answer
    from app.integrations import Integrations
    from app.services.outbox import Claimed

__all__ = ["BatchHandler", "Handler", "Handlers", "RowHandler", "run_batch", "work_lane", "work_row"]

SLICE_S = 2.0  # then the next lane has its turn: one destination's flood is another's wait (security.md T96)
BATCH = 500
BATCH_LEASE_S = 120
LONG_LEASE_S = 600
NOT_MINE = "nothing here handles this"


@dataclass(slots=True)
class _Turn:
    """One lane's turn: until when it lasts, and whether the other side failed last time."""

    lane_id: int
    handlers: Handlers
    integrations: Integrations
    ends_at: float
    sick: bool
    done: int = 0

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends_at

    def end(self) -> None:
        self.ends_at = 0.0


def work_lane(lane_id: int, handlers: Handlers, integrations: Integrations, *, slice_s: float = SLICE_S) -> int:
    """Work the due rows of a lane until none is left, the slice ends or the other side fails; returns the number done.

    A dead destination costs the others one time-out a turn, and from the second in a row on its lane rests.
    """
    failures = lanes.begin(lane_id)
    if failures is None:
        return 0
    turn = _Turn(lane_id, handlers, integrations, time.monotonic() + slice_s, sick=failures > 0)
    sets = [kind for kind, handler in handlers.items() if isinstance(handler, BatchHandler)]
    while _work_sets(turn, sets) + _work_one(turn, sets):
        if turn.is_over:
            queue.ring()
            break
    return turn.done


def work_row(row_id: int, handlers: Handlers, integrations: Integrations) -> bool:
    """Work one row of long work, if it is due and free; returns whether it was done."""
    with transaction():
        row = outbox.claim_row(row_id, lease_s=LONG_LEASE_S)
    if row is None:
        return False
    handler = handlers.get(row.kind)
    if isinstance(handler, BatchHandler):
        return run_batch([row], handler) == 1
    return not isinstance(_deliver(row, handler, integrations), ProviderFailure | Crash)


def _work_sets(turn: _Turn, kinds: list[str]) -> int:
    """Claim and work many rows of our own house at once; returns how many were claimed."""
    if turn.is_over:
        return 0
    with transaction():
        rows = outbox.claim_lane(turn.lane_id, limit=BATCH, lease_s=BATCH_LEASE_S, of=kinds)
    for kind in dict.fromkeys(row.kind for row in rows):
        handler = turn.handlers[kind]
        if isinstance(handler, BatchHandler):
            turn.done += run_batch([row for row in rows if row.kind == kind], handler)
    return len(rows)


def run_batch(rows: Sequence[Claimed], handler: BatchHandler) -> int:
    """Work rows of one claim and kind as one effect; returns how many are done.

    When that fails each is tried alone, so that only the one that is poison pays for it. Raises DatabaseStayedAway:
    nobody can be told then, and the leases run out.
    """
    result = attempt_through_outage(partial(_run, rows, handler), kind=rows[0].kind, rows=len(rows))
    if not isinstance(result, Crash):
        return result
    if result.is_away:
        raise DatabaseStayedAway
    if len(rows) == 1:
        delivery_outcomes.poisoned(rows[0], handler, result)
        return 0
    return sum(run_batch([row], handler) for row in rows)


def _run(rows: Sequence[Claimed], handler: BatchHandler) -> int:
    if handler.before is not None:
        handler.before()
    with transaction():
        ours = outbox.finish_together(rows)
        if ours:
            handler.run(ours)
            delivery_outcomes.got_through(ours)
    if len(ours) < len(rows):
        delivery_outcomes.DROPPED.inc(len(rows) - len(ours))
    return len(ours)


def _work_one(turn: _Turn, sets: list[str]) -> int:
    """Claim one row that leaves the house just before it does; returns how many were claimed."""
    if turn.is_over:
        return 0
    with transaction():
        rows = outbox.claim_lane(turn.lane_id, limit=1, lease_s=LEASE_S, but=sets)
    for row in rows:
        _note(turn, _deliver(row, turn.handlers.get(row.kind), turn.integrations))
    return len(rows)


def _note(turn: _Turn, result: Answer | ProviderFailure | Crash | None) -> None:
    """Let the lane know how its other side is."""
    if isinstance(result, Crash):
        return
    if isinstance(result, ProviderFailure):
        if result.status is None and result.outcome is not Outcome.REFUSED:
            lanes.failed(turn.lane_id)
            turn.end()
            return
        if classify(result.status, result.outcome) is RetryClass.GONE:
            lanes.gone(turn.lane_id)
            turn.end()
            return
    else:
        turn.done += 1
    if turn.sick:
        lanes.recovered(turn.lane_id)
        turn.sick = False


def _deliver(
    row: Claimed, handler: Handler | None, integrations: Integrations
) -> Answer | ProviderFailure | Crash | None:
    """Send one row, end it, and return what became of it."""
    if not isinstance(handler, RowHandler):
        crash = Crash("NoHandler", f"{NOT_MINE}: {row.kind}", "", is_ours=True)
        delivery_outcomes.poisoned(row, None, crash)
        return crash
    if handler.lease_s > LEASE_S:
        with transaction():
            outbox.renew(row, handler.lease_s)
    result = attempt(partial(_send, row, handler, integrations), kind=row.kind, row=row.id)
    if isinstance(result, Crash):
        delivery_outcomes.poisoned(row, handler, result)
    elif isinstance(result, ProviderFailure):
        delivery_outcomes.failed(row, handler, result)
    else:
        delivery_outcomes.done(row, handler, result)
    return result


def _send(row: Claimed, handler: RowHandler, integrations: Integrations) -> Answer | ProviderFailure | None:
    try:
        return handler.send(row, integrations)
    except ProviderFailure as failure:
        return failure
