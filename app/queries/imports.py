"""Questions about what was brought along: who brought it, what became of its rows, and the rows themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from app.domain.errors import NotFound
from app.models.import_batch import ImportBatch
from app.models.invoice import Invoice
from app.models.reference import Reference
from app.queries.keyset import session

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 50


class Taken(NamedTuple):
    """Some of the rows an import brought, in the order they were written, and the id after which they go on."""

    invoices: Sequence[Invoice]
    references: Sequence[Reference]
    after: int | None


def latest(before: int | None = None) -> tuple[Sequence[ImportBatch], int | None]:
    """Return imports that are done, newest first, and the id before which the list goes on."""
    found = select(ImportBatch).where(ImportBatch.finished_at.is_not(None)).order_by(ImportBatch.id.desc())
    if before is not None:
        found = found.where(ImportBatch.id < before)
    rows = session().scalars(found.limit(SHOWN + 1)).all()
    return rows[:SHOWN], rows[SHOWN - 1].id if len(rows) > SHOWN else None


def one(batch_id: int) -> ImportBatch:
    """Return one import. Raises NotFound."""
    batch = session().get(ImportBatch, batch_id, populate_existing=True)
    if batch is None:
        raise NotFound("import", batch_id)
    return batch


def taken(batch: ImportBatch, after: int = 0) -> Taken:
    """Return invoices or references that came with an import."""
    if batch.kind == "references":
        found = select(Reference).where(Reference.import_batch_id == batch.id, Reference.id > after)
        references = session().scalars(found.order_by(Reference.id).limit(SHOWN + 1)).all()
        return Taken([], references[:SHOWN], _after(references))
    wanted = select(Invoice).where(Invoice.import_batch_id == batch.id, Invoice.id > after)
    invoices = session().scalars(wanted.order_by(Invoice.id).limit(SHOWN + 1)).all()
    return Taken(invoices[:SHOWN], [], _after(invoices))


def _after(rows: Sequence[Invoice] | Sequence[Reference]) -> int | None:
    return rows[SHOWN - 1].id if len(rows) > SHOWN else None
