"""How far an import is, told beside its transaction: all that it brings stays one, seen by nobody before it is there.

An import that is told begins with a row of its own, committed before anything else, and ends once: with its result by
its own transaction, or with why nothing was taken. Whether somebody still brings it is said by a lock of that
transaction, which goes with it whatever becomes of the process.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from app.domain.errors import BillingError
from app.domain.import_run import Fault, Phase
from app.models.import_batch import ImportBatch
from app.prepared import Prepared
from app.queries.imports import LOCK_SPACE, LOCKED_IDS, lost
from app.uow import in_transaction, retried, run_autonomously, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy.orm import Session

    Row = TypeVar("Row")

TOLD_EVERY_S = 1.0
LONGEST = 500  # characters of a refusal

BEGUN = Prepared("""
with batch as (
  insert into import_batch (tenant_id, source, kind, actor) values (:tenant_id, :source, :kind, :actor)
  returning tenant_id, id
)
insert into import_progress (tenant_id, batch_id) select tenant_id, id from batch returning batch_id
""")
TOLD = Prepared("""
update import_progress set phase = :phase, rows_read = :rows_read, heard_at = clock_timestamp()
 where batch_id = :batch_id
""")
ENDED = Prepared("""
update import_batch set finished_at = clock_timestamp(), fault = :fault, why = :why
 where id = :batch_id and finished_at is null
""")
HELD = text("select pg_advisory_xact_lock(:space, cast(:batch_id % :ids as integer))")


class Progress:
    """An import nobody watches: its row is part of its transaction, as that of a rehearsal has to be."""

    def begin(self, tx: Session, batch: ImportBatch) -> int:
        """Return the id of the batch that is brought in this transaction."""
        tx.add(batch)
        tx.flush()
        return batch.id

    def reading(self, rows: Iterable[Row]) -> Iterable[Row]:
        """Return the rows as they are read."""
        return rows

    def at(self, phase: Phase) -> None:
        """Note what the import is at now."""


class ToldProgress(Progress):
    """An import everybody may watch; another try of its transaction is still the same import."""

    def __init__(self) -> None:
        self.batch_id: int | None = None
        self._phase, self._rows_read, self._due = Phase.READING, 0, time.monotonic() + TOLD_EVERY_S

    def begin(self, tx: Session, batch: ImportBatch) -> int:
        """Return the id of the batch, which is there for everybody, and hold its lock until the transaction ends."""
        if self.batch_id is None:
            values = {name: getattr(batch, name) for name in ("tenant_id", "source", "kind", "actor")}
            made = run_autonomously(BEGUN, values)
            assert made is not None  # noqa: S101 - the statement returns the row it writes
            self.batch_id = int(made[0])
        tx.execute(HELD, {"space": LOCK_SPACE, "batch_id": self.batch_id, "ids": LOCKED_IDS})
        self._rows_read = 0
        self.at(Phase.READING)
        return self.batch_id

    def reading(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows and tell once a second how many there were."""
        for row in rows:
            yield row
            self._rows_read += 1
            if time.monotonic() >= self._due:
                self._tell()

    def at(self, phase: Phase) -> None:
        """Tell what the import is at now."""
        if phase != self._phase:
            self._phase = phase
            self._tell()

    def end(self, fault: Fault, why: str | None) -> None:
        """End it with nothing taken; one that was not begun, or has ended already, stays as it is."""
        if self.batch_id is not None:
            self._tell()
            with suppress(SQLAlchemyError):  # who cannot say it now is found by the clock
                run_autonomously(ENDED, {"batch_id": self.batch_id, "fault": fault, "why": _kept(why)})

    def _tell(self) -> None:
        self._due = time.monotonic() + TOLD_EVERY_S
        with suppress(SQLAlchemyError):  # no import fails because nobody could be told of it
            run_autonomously(TOLD, {"batch_id": self.batch_id, "phase": self._phase, "rows_read": self._rows_read})


def refusal(fault: BaseException) -> str | None:
    """Return in a sentence why something was refused, None for what nobody foresaw."""
    return str(fault) if isinstance(fault, BillingError) else None


def _kept(why: str | None) -> str | None:
    """Return a sentence as the database can keep it, whatever of somebody's input it repeats."""
    if why is None:
        return None
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in why[:LONGEST])


@contextmanager
def under_way(refusal: Callable[[BaseException], str | None] = refusal) -> Iterator[ToldProgress]:
    """Give a progress to bring one import with, all tries of it; a block that fails ends it with nothing taken.

    `refusal` says in a sentence what was refused. Raises RuntimeError inside a transaction, which would hold the row.
    """
    if in_transaction():
        raise RuntimeError("An import that is told is a transaction of its own")
    progress = ToldProgress()
    try:
        yield progress
    except BaseException as fault:
        why = refusal(fault)
        kind = Fault.REFUSED if why else Fault.BROKEN
        progress.end(kind if isinstance(fault, Exception) else Fault.INTERRUPTED, why)
        raise


@retried
def end_lost() -> int:
    """End the imports nobody brings any more: their process died. Returns how many."""
    with transaction() as tx:
        # Whoever has begun to write holds the row as well: it is left alone.
        found = select(ImportBatch.id).where(lost()).with_for_update(skip_locked=True)
        ids = tx.scalars(found).all()
        ended = {"fault": Fault.INTERRUPTED, "finished_at": func.clock_timestamp()}
        tx.execute(update(ImportBatch).where(ImportBatch.id.in_(ids)).values(**ended))
        return len(ids)
