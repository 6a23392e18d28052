"""Working the outbox: claim, do, finish; and what follows when doing did not go well (reliability.md 3.7, 3.9)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Counter
from sqlalchemy import text

from app.domain.errors import Outcome, ProviderFailure
from app.domain.retry import LIMITS, RetryClass, RetryPolicy, classify, next_delay_s
from app.queue import Crash, attempt
from app.services import outbox, reviews, timeline
from app.services.outbox import Claimed
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from app.domain.ports import Answer
    from app.integrations import Integrations

SLICE_S = 20.0
BATCH = 500
HAND = 20  # network deliveries claimed at once: what one lease can bear
BREAK_AFTER = 2  # transport failures in a row that pause a lane
PAUSES_S = (5, 15, 30, 60, 120, 300)

LOG = structlog.get_logger(__name__)
DROPPED = Counter("billing_dropped_results", "Results that came after their lease had passed to somebody else")


@dataclass(frozen=True, slots=True)
class RowHandler:
    """Work that leaves the house: one row at a time, no transaction open while it is out.

    `after_unknown` decides about a row that must not be repeated when its answer is lost; `delivered` and `given_up`
    run in the transaction that ends the row.
    """

    send: Callable[[Claimed, Integrations], Answer | None]
    policy: RetryPolicy
    lease_s: int = 60
    after_unknown: Callable[[Claimed], None] | None = None
    delivered: Callable[[Claimed, Answer], None] | None = None
    given_up: Callable[[Claimed], None] | None = None


@dataclass(frozen=True, slots=True)
class BatchHandler:
    """Work inside the database: many rows, one effect, one commit."""

    run: Callable[[Sequence[Claimed]], None]
    policy: RetryPolicy
    lease_s: int = 120


Handlers = "Mapping[str, RowHandler | BatchHandler]"


class LaneSick(Exception):
    """The destination does not answer: stop here and let the lane rest."""


def work_lane(lane_id: int, handlers: Mapping[str, RowHandler | BatchHandler], integrations: Integrations) -> int:
    """Work the due rows of a lane until none is left or the time slice ends; returns how many were done.

    Due rows that remain are offered again by the relay; a lane that fails twice in a row rests (T96).
    """
    _open(lane_id)
    ends, done, failures = time.monotonic() + SLICE_S, 0, 0
    while time.monotonic() < ends:
        with transaction():
            rows = outbox.claim_lane(lane_id, limit=_handful(lane_id), lease_s=60)
        if not rows:
            break
        try:
            worked, failures = _work(rows, handlers, integrations, failures)
            done += worked
        except LaneSick:
            _rest(lane_id)
            return done
    if done:
        _recovered(lane_id)
    return done


def work_row(row_id: int, handlers: Mapping[str, RowHandler | BatchHandler], integrations: Integrations) -> bool:
    """Work one row, if it is due and free; returns whether it was done."""
    with transaction():
        row = outbox.claim_row(row_id, lease_s=600)
    if row is None:
        return False
    return _work([row], handlers, integrations, 0)[0] == 1


def reap(handlers: Mapping[str, RowHandler | BatchHandler], limit: int = 200) -> int:
    """Free rows whose lease has run out; returns how many.

    A row that must not be repeated is not: whoever held it may have sent it (decisions.md 26).
    """
    with transaction() as tx:
        expired = tx.execute(
            text(
                "select id, kind, tenant_id, invoice_id, payment_id, payload, attempts, repeatable, lease_token "
                "from outbox where state = 'leased' and lease_until < now() order by id limit :limit "
                "for update skip locked"
            ),
            {"limit": limit},
        ).all()
        for found in expired:
            row = Claimed(*found)
            if row.repeatable:
                outbox.put_back(row, delay_s=0, error_class="lease", error="the worker did not come back")
            else:
                _unknown(row, handlers.get(row.kind), "the worker did not come back")
        return len(expired)


def _handful(lane_id: int) -> int:
    name = session().scalar(text("select name from lane where id = :id"), {"id": lane_id})
    return BATCH if name in {"search", "schedule", "bench"} else HAND


def _work(
    rows: Sequence[Claimed],
    handlers: Mapping[str, RowHandler | BatchHandler],
    integrations: Integrations,
    failures: int,
) -> tuple[int, int]:
    """Return how many rows were done and how many transport failures came last in a row."""
    done = 0
    batches: dict[str, list[Claimed]] = {}
    for position, row in enumerate(rows):
        handler = handlers.get(row.kind)
        if isinstance(handler, BatchHandler):
            batches.setdefault(row.kind, []).append(row)
            continue
        if failures >= BREAK_AFTER:
            _release(rows[position:])
            raise LaneSick
        fine = _send(row, handler, integrations)
        done += fine is True
        failures = failures + 1 if fine is None else 0
    for kind, batch in batches.items():
        done += _run(batch, handlers[kind])
    if failures >= BREAK_AFTER:
        raise LaneSick
    return done, failures


def _run(rows: Sequence[Claimed], handler: RowHandler | BatchHandler) -> int:
    assert isinstance(handler, BatchHandler)  # noqa: S101 - chosen by its type above

    def together() -> bool:
        with transaction():
            handler.run(rows)
            return outbox.finish_together(rows)

    result = attempt(together, kind=rows[0].kind, rows=len(rows))
    if isinstance(result, Crash):
        for row in rows:
            _poisoned(row, handler, result)
        return 0
    if not result:
        DROPPED.inc()
    return len(rows)


def _send(row: Claimed, handler: RowHandler | BatchHandler | None, integrations: Integrations) -> bool | None:
    """Return True when done, None when the destination did not answer, False for every other end."""
    if not isinstance(handler, RowHandler):
        _poisoned(row, None, Crash("NoHandler", f"nothing here handles {row.kind}", "", is_ours=True))
        return False
    send = handler.send
    # A row may have waited behind slow ones of the same claim: what was reaped meanwhile is not ours to send.
    with transaction():
        if not outbox.renew(row, handler.lease_s):
            DROPPED.inc()
            return False

    def out() -> Answer | ProviderFailure | None:
        try:
            return send(row, integrations)
        except ProviderFailure as failure:
            return failure

    result = attempt(out, kind=row.kind, row=row.id)
    if isinstance(result, Crash):
        _poisoned(row, handler, result)
        return False
    if isinstance(result, ProviderFailure):
        return _failed(row, handler, result)
    with transaction():
        if outbox.finish(row, result):
            if handler.delivered and result is not None:
                handler.delivered(row, result)
        else:
            DROPPED.inc()
    return True


def _failed(row: Claimed, handler: RowHandler, failure: ProviderFailure) -> bool | None:
    unsure = failure.outcome is Outcome.UNKNOWN or (failure.status or 0) >= 500  # noqa: PLR2004 - executed or not?
    if unsure and not row.repeatable:
        with transaction():
            _unknown(row, handler, failure.detail)
        return None if failure.status is None else False
    kind = classify(failure.status, failure.outcome)
    delay = next_delay_s(
        handler.policy,
        row.attempts,
        jitter=outbox.jitter_percent(),
        retry_after_s=failure.retry_after_s,
        tries=LIMITS.get(kind),
    )
    with transaction():
        _later(row, handler, delay, error_class=kind, error=failure.detail, status=failure.status)
        if kind is RetryClass.GONE:
            _pause_of(row.id)
    return None if failure.status is None else False


def _poisoned(row: Claimed, handler: RowHandler | BatchHandler | None, crash: Crash) -> None:
    """Keep a row our own code stumbled over: a few tries, then a person; the database's own failures do not count."""
    policy = handler.policy if handler else RetryPolicy("unknown kind", (60, 300, 3600, 3600))
    tries = LIMITS[RetryClass.POISON] if crash.is_ours else None
    delay = next_delay_s(policy, row.attempts, jitter=outbox.jitter_percent(), tries=tries)
    with transaction():
        if not row.repeatable and crash.is_ours:
            _unknown(row, handler, crash.sentence)
            return
        _later(
            row,
            handler,
            delay,
            error_class=RetryClass.POISON,
            error=f"{crash.error_class}: {crash.sentence}",
            trace_id=crash.traceback_id,
        )


def _later(
    row: Claimed,
    handler: RowHandler | BatchHandler | None,
    delay_s: int | None,
    *,
    error_class: str,
    error: str,
    status: int | None = None,
    trace_id: str | None = None,
) -> None:
    if delay_s is not None:
        outbox.put_back(row, delay_s=delay_s, error_class=error_class, error=error, status=status, trace_id=trace_id)
        return
    if not outbox.put_back(
        row, delay_s=0, state="dead", error_class=error_class, error=error, status=status, trace_id=trace_id
    ):
        return
    LOG.error("outbox.dead", alarm=True, row=row.id, kind=row.kind, error_class=error_class)
    _ask_a_person(row, error)
    if isinstance(handler, RowHandler) and handler.given_up:
        handler.given_up(row)


def _ask_a_person(row: Claimed, error: str) -> None:
    reviews.ask(
        "outbox.dead",
        f"outbox:{row.id}:{row.attempts}",
        f"{row.kind} was given up after {row.attempts} tries: {error[:200]}",
        invoice_id=row.invoice_id,
        payment_id=row.payment_id,
        evidence={"outbox": row.id},
        tenant_id=row.tenant_id,
    )


def _unknown(row: Claimed, handler: RowHandler | BatchHandler | None, why: str) -> None:
    """End a row whose effect is unknown and which must not be repeated: by its own rule, or held for a person."""
    rule = handler.after_unknown if isinstance(handler, RowHandler) else None
    state = "done" if rule else "held"
    if not outbox.put_back(row, delay_s=0, state=state, error_class=RetryClass.UNKNOWN, error=why):
        return
    if rule:
        rule(row)
        return
    timeline.record("outbox.held", invoice_id=row.invoice_id, payment_id=row.payment_id, reason=why)
    _ask_a_person(row, why)


def _release(rows: Sequence[Claimed]) -> None:
    with transaction():
        for row in rows:
            outbox.put_back(row, delay_s=0, counts=False)


def _open(lane_id: int) -> None:
    """Let the next news make a new offer."""
    with transaction() as tx:
        tx.execute(text("update lane set offered_until = null where id = :id"), {"id": lane_id})


def _rest(lane_id: int) -> None:
    """Pause a sick lane, longer each time; the first row after the pause is the probe."""
    with transaction() as tx:
        failures = tx.scalar(
            text("update lane set failures = failures + 1 where id = :id returning failures"), {"id": lane_id}
        )
        pause = PAUSES_S[min(failures or 1, len(PAUSES_S)) - 1]
        tx.execute(
            text("update lane set paused_until = now() + make_interval(secs => :pause) where id = :id"),
            {"id": lane_id, "pause": pause},
        )
    LOG.warning("lane.resting", lane=lane_id, seconds=pause)


def _recovered(lane_id: int) -> None:
    with transaction() as tx:
        tx.execute(
            text(
                "update lane set failures = 0, paused_until = null "
                "where id = :id and (failures > 0 or paused_until is not null)"
            ),
            {"id": lane_id},
        )


def _pause_of(row_id: int) -> None:
    """Pause the lane of a row whose endpoint says it is gone for good."""
    session().execute(
        text(
            "update lane set paused_until = now() + interval '1 hour' "
            "where id = (select lane_id from outbox where id = :id)"
        ),
        {"id": row_id},
    )
    LOG.error("lane.gone", alarm=True, row=row_id)
