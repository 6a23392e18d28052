"""How a try ends: done, tried again later, given up, or held because nobody knows (reliability.md 3.3, 3.9).

Each ending is one transaction with what follows from it. A bug in what follows is logged and does not undo the ending:
the call has been made, and making it again would be worse. A database that is away is waited for, for the same reason.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Counter

from app.domain.retry import LIMITS, RetryClass, RetryPolicy, classify, next_delay_s
from app.queue import Crash, DatabaseStayedAway, attempt_through_outage
from app.services import outbox, reviews, timeline
from app.services.handlers import Handler, RowHandler
from app.services.timeline import SYSTEM
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.domain.errors import ProviderFailure
    from app.domain.ports import Answer
    from app.services.outbox import Claimed

QUESTION = "outbox.dead"
NOBODY_KNOWS = RetryPolicy("unknown kind", (60, 300, 3600, 3600))

LOG = structlog.get_logger(__name__)
DROPPED = Counter("billing_dropped_results", "Results that came after their lease had passed to somebody else")


def done(row: Claimed, handler: RowHandler, answer: Answer | None) -> None:
    """End a row that was delivered, with what was answered."""
    then = partial(handler.delivered, row, answer) if handler.delivered and answer is not None else None
    _end(row, partial(_finish, row, answer), then)


def failed(row: Claimed, handler: RowHandler, failure: ProviderFailure) -> None:
    """End a try the other side refused or did not answer, by the schedule of its kind."""
    if failure.may_have_been_executed and not row.repeatable:
        unknown(row, handler, failure.detail)
        return
    kind = classify(failure.status, failure.outcome)
    delay_s = _delay_s(row, handler.policy, kind, retry_after_s=failure.retry_after_s)
    _again(row, handler, delay_s, error_class=kind, error=failure.detail, status=failure.status)


def poisoned(row: Claimed, handler: Handler | None, crash: Crash) -> None:
    """End a try our own code stumbled over: a few more, then a person; the database's failures are no fault of ours."""
    if not row.repeatable and crash.is_ours:
        unknown(row, handler, crash.sentence)
        return
    kind = RetryClass.POISON if crash.is_ours else RetryClass.RETRY
    delay_s = _delay_s(row, handler.policy if handler else NOBODY_KNOWS, kind)
    error = f"{crash.error_class}: {crash.sentence}"
    _again(row, handler, delay_s, error_class=RetryClass.POISON, error=error, trace_id=crash.traceback_id)


def unknown(row: Claimed, handler: Handler | None, why: str) -> None:
    """End a row that may have been executed and must not be repeated: by its own rule, or held for a person.

    A rule that fails leaves the row to a person too (decisions.md 26).
    """
    rule = handler.after_unknown if isinstance(handler, RowHandler) else None
    held = partial(_hold, row, why)
    if rule is None:
        _end(row, held)
        return
    ruled = partial(_rule, row, why)
    _end(row, ruled, partial(rule, row), instead=held)


def given_up(row: Claimed, handler: Handler | None, *, error_class: str, error: str) -> None:
    """End a row for good: dead, with a question to a person."""
    _again(row, handler, None, error_class=error_class, error=error)


def got_through(rows: Sequence[Claimed]) -> None:
    """Answer what was asked when these rows were given up before: somebody had them sent again, and they are done."""
    reviews.answer_each(QUESTION, [_question_about(row) for row in rows], by=str(SYSTEM), resolution="it got through")


def _finish(row: Claimed, answer: Answer | None) -> bool:
    ours = outbox.finish(row, answer)
    if ours:
        got_through([row])
    return ours


def _rule(row: Claimed, why: str) -> bool:
    ours = outbox.put_back(row, delay_s=0, state="done", error_class=RetryClass.UNKNOWN, error=why)
    if ours:
        reviews.answer(QUESTION, _question_about(row), by=str(SYSTEM), resolution="another message goes instead")
    return ours


def _delay_s(row: Claimed, policy: RetryPolicy, kind: RetryClass, *, retry_after_s: int | None = None) -> int | None:
    return next_delay_s(
        policy,
        row.attempts,
        jitter=outbox.jitter_percent(),
        retry_after_s=retry_after_s,
        tries=LIMITS.get(kind),
    )


def _again(
    row: Claimed,
    handler: Handler | None,
    delay_s: int | None,
    *,
    error_class: str,
    error: str,
    status: int | None = None,
    trace_id: str | None = None,
) -> None:
    back = partial(outbox.put_back, row, error_class=error_class, error=error, status=status, trace_id=trace_id)
    if delay_s is not None:
        _end(row, partial(back, delay_s=delay_s))
        return
    LOG.error("outbox.dead", alarm=True, row=row.id, kind=row.kind, error_class=error_class)
    then = partial(handler.given_up, row) if isinstance(handler, RowHandler) and handler.given_up else None
    _end(row, partial(_bury, row, partial(back, delay_s=0, state="dead"), error), then)


def _bury(row: Claimed, write: Callable[[], bool], error: str) -> bool:
    ours = write()
    if ours:
        _ask_a_person(row, error)
    return ours


def _hold(row: Claimed, why: str) -> bool:
    ours = outbox.put_back(row, delay_s=0, state="held", error_class=RetryClass.UNKNOWN, error=why)
    if ours:
        timeline.record(
            "outbox.held", invoice_id=row.invoice_id, payment_id=row.payment_id, reason=why, tenant_id=row.tenant_id
        )
        _ask_a_person(row, why)
    return ours


def _ask_a_person(row: Claimed, error: str) -> None:
    key, evidence = _question_about(row), {"outbox": row.id}
    sentence = f"{row.kind} was given up after {row.attempts} tries: {error[:200]}"
    asked = reviews.ask(
        QUESTION,
        key,
        sentence,
        invoice_id=row.invoice_id,
        payment_id=row.payment_id,
        evidence=evidence,
        tenant_id=row.tenant_id,
    )
    if not asked:
        reviews.ask_again(QUESTION, key, sentence, evidence)


def _question_about(row: Claimed) -> str:
    return f"outbox:{row.id}"


def _end(
    row: Claimed,
    write: Callable[[], bool],
    then: Callable[[], None] | None = None,
    *,
    instead: Callable[[], bool] | None = None,
) -> None:
    ended = attempt_through_outage(partial(_together, write, then), kind=row.kind, row=row.id)
    if isinstance(ended, Crash):
        if ended.is_away:
            raise DatabaseStayedAway
        ended = _together(instead or write, None)
    if not ended:
        DROPPED.inc()
        LOG.warning("outbox.late_result_dropped", row=row.id, kind=row.kind)


def _together(write: Callable[[], bool], then: Callable[[], None] | None) -> bool:
    with transaction():
        ours = write()
        if ours and then:
            then()
    return ours
