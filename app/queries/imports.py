"""What was brought along: who brought it, what became of its rows, and the rows themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Boolean, ColumnElement, Select, literal_column, select

from app.domain.errors import NotFound
from app.domain.import_run import RunState, state_of
from app.models.import_batch import ImportBatch, ImportProgress
from app.models.invoice import Invoice
from app.models.reference import Reference
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 50

# Whoever brings an import holds an advisory lock of this space until the transaction ends; its second half is an int4.
LOCK_SPACE, LOCKED_IDS = 7_313, 2**31 - 1
# Longer than from one try of the transaction to the next, when nobody holds the lock.
SILENT_S = 30
LOST = f"""
import_batch.finished_at is null
and not exists (select 1 from import_progress p where p.batch_id = import_batch.id
                   and p.heard_at > clock_timestamp() - interval '{SILENT_S} seconds')
and not exists (select 1 from pg_locks l
                 where l.locktype = 'advisory' and l.classid = {LOCK_SPACE} and l.objsubid = 2
                   and l.objid = import_batch.id % {LOCKED_IDS}
                   and l.database = (select oid from pg_database where datname = current_database()))
"""  # noqa: S608 - our own numbers


class Shown(NamedTuple):
    """An import, where it stands, and how far it is or was."""

    batch: ImportBatch
    state: RunState
    progress: ImportProgress | None


class Taken(NamedTuple):
    """Some of the rows an import brought, in the order they were written, and the id after which they go on."""

    invoices: Sequence[Invoice]
    references: Sequence[Reference]
    after: int | None


def lost() -> ColumnElement[bool]:
    """Return the condition that an import is under way and nobody brings it any more."""
    return literal_column(f"({LOST})", Boolean)


def latest(before: int | None = None) -> tuple[list[Shown], int | None]:
    """Return imports, newest first, and the id before which the list goes on."""
    found = _found().order_by(ImportBatch.id.desc())
    if before is not None:
        found = found.where(ImportBatch.id < before)
    rows = [_shown(*row) for row in session().execute(found.limit(SHOWN + 1))]
    return rows[:SHOWN], rows[SHOWN - 1].batch.id if len(rows) > SHOWN else None


def one(batch_id: int) -> Shown:
    """Return one import. Raises NotFound."""
    row = session().execute(_found().where(ImportBatch.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound("import", batch_id)
    return _shown(*row)


def taken(batch: ImportBatch, after: int = 0) -> Taken:
    """Return invoices or references that came with an import."""
    if batch.kind == "references":
        found = select(Reference).where(Reference.import_batch_id == batch.id, Reference.id > after)
        references = session().scalars(found.order_by(Reference.id).limit(SHOWN + 1)).all()
        return Taken([], references[:SHOWN], _after(references))
    wanted = select(Invoice).where(Invoice.import_batch_id == batch.id, Invoice.id > after)
    invoices = session().scalars(wanted.order_by(Invoice.id).limit(SHOWN + 1)).all()
    return Taken(invoices[:SHOWN], [], _after(invoices))


def _found() -> Select[ImportBatch, bool, ImportProgress]:
    found = select(ImportBatch, lost(), ImportProgress)
    joined = found.outerjoin(ImportProgress, ImportProgress.batch_id == ImportBatch.id)
    return joined.execution_options(populate_existing=True)


def _shown(batch: ImportBatch, is_lost: bool, progress: ImportProgress | None) -> Shown:  # noqa: FBT001 - a column
    return Shown(batch, state_of(ended=batch.finished_at is not None, fault=batch.fault, lost=is_lost), progress)


def _after(rows: Sequence[Invoice] | Sequence[Reference]) -> int | None:
    return rows[SHOWN - 1].id if len(rows) > SHOWN else None
