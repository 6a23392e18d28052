"""A pass over many rows by the clock, each by itself: one that fails keeps no other from being done.

What fails is a question for a person, asked once, with its age (reliability.md 3.1, law 10); it is tried again by
itself every few minutes, and when it succeeds that answers the question.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import BigInteger, Select, cast, func, select

from app.models.invoice import Invoice
from app.models.payment import Payment
from app.models.review_item import ReviewItem
from app.queue import Crash, attempt
from app.services import reviews
from app.services.timeline import SYSTEM
from app.uow import in_transaction, session, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.models.base import Base

R = TypeVar("R")
STUMBLED = "pass.stumbled"
RESTS = timedelta(minutes=5)
LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BatchJob:
    """Work by the clock on rows of one table, under the name it has there."""

    name: str
    of: type[Base]

    def resting(self) -> list[int]:
        """Return the rows that failed a moment ago: who asks what is due leaves them out, so that others are due."""
        moment = func.to_timestamp(cast(ReviewItem.evidence["tried_at"].astext, BigInteger))
        return list(session().scalars(self._failing().where(moment > func.now() - RESTS)))

    def each(self, ids: Sequence[int], verb: Callable[[int], object]) -> int:
        """Do the verb to each of these rows in a transaction of its own; return for how many it did something."""
        failing = self._all_failing()
        done = 0
        for row_id in ids:
            result = self._tried(row_id, partial(verb, row_id), failing)
            if isinstance(result, Crash):
                if result.is_away:
                    break
            else:
                done += bool(result)
        return done

    def together(self, ids: Sequence[int], verb: Callable[[Sequence[int]], int]) -> int:
        """Do the verb to all of these rows in one transaction or, when that fails, to each; return to how many."""
        if self._all_failing().isdisjoint(ids):
            result = attempt(partial(verb, ids), work=self.name, rows=len(ids))
            if not isinstance(result, Crash):
                return result
            if result.is_away:
                return 0
        return self.each(ids, lambda row_id: verb([row_id]))

    def one(self, row_id: int, verb: Callable[[], R], *, raises: type[Exception]) -> R | Crash:
        """Return what the verb returns for this row, or the Crash it ended in, which is asked about.

        Raises what it may raise.
        """

        def tried() -> R | Exception:
            try:
                return verb()
            except raises as fault:
                return fault

        result = self._tried(row_id, tried, self._all_failing())
        if isinstance(result, Exception):
            raise result
        return result

    def _tried(self, row_id: int, verb: Callable[[], R], failing: set[int]) -> R | Crash:
        if in_transaction():
            raise RuntimeError("A row that fails would take the others of the open transaction with it")
        result = attempt(verb, kind=self.name, row=row_id)
        if not isinstance(result, Crash):
            if row_id in failing:
                with transaction():
                    reviews.answer(STUMBLED, self._key(row_id), by=str(SYSTEM), resolution="done after all")
        elif not result.is_away:
            self._ask(row_id, result, asked_before=row_id in failing)
        return result

    def _ask(self, row_id: int, crash: Crash, *, asked_before: bool) -> None:
        LOG.error(STUMBLED, alarm=True, kind=self.name, row=row_id, traceback_id=crash.traceback_id)
        key = self._key(row_id)
        sentence = (
            f"{self.name} fails on {self.of.__tablename__}:{row_id} and is tried again by itself: {crash.sentence}"
        )
        evidence = {"row": row_id, "trace": crash.traceback_id, "tried_at": int(datetime.now(UTC).timestamp())}
        with transaction() as tx:
            if asked_before:
                reviews.note(STUMBLED, key, evidence)
                return
            row: Any = tx.get(self.of, row_id)
            asked = reviews.ask(
                STUMBLED,
                key,
                sentence,
                invoice_id=row_id if self.of is Invoice else getattr(row, "invoice_id", None),
                payment_id=row_id if self.of is Payment else getattr(row, "payment_id", None),
                evidence=evidence,
                tenant_id=getattr(row, "tenant_id", 1),
            )
            if not asked:
                reviews.ask_again(STUMBLED, key, sentence, evidence)

    def _key(self, row_id: int) -> str:
        return f"{self.name}:{row_id}"

    def _all_failing(self) -> set[int]:
        with transaction() as tx:
            return set(tx.scalars(self._failing()))

    def _failing(self) -> Select[int]:
        return select(cast(ReviewItem.evidence["row"].astext, BigInteger)).where(
            ReviewItem.kind == STUMBLED,
            ReviewItem.resolved_at.is_(None),
            ReviewItem.dedupe_key.startswith(f"{self.name}:"),
        )
