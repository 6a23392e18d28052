"""Exporting the list of invoices: a piece of the file for each part of the selection, in constant memory."""

from __future__ import annotations

from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from app.domain import sheet_csv, sheet_xlsx
from app.domain.sheet_xlsx import MOST_BYTES, MOST_ROWS, Written
from app.domain.task import TaskState
from app.models.base import DEFAULT_TENANT
from app.models.task import TaskPart
from app.queries import invoice_export, invoice_selection
from app.queries.invoice_export import COLUMNS
from app.queries.invoice_selection import Selection
from app.services import sheet_parquet, tasks, timeline
from app.services.timeline import Actor
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from app.models.task import Task

CSV, XLSX, PARQUET = "csv", "xlsx", "parquet"
PART_ROWS = 2_000
AT_ONCE_ROWS = 5_000  # so many lines of CSV are sent at once, without a task
MOST_LINES = 20_000_000
HEAD, OPENING, FIRST = 0, 1, 2  # positions of a file's parts: its frame, its titles, its rows


def stream(request: dict[str, Any], *, operator_id: int) -> Iterator[bytes]:
    """Return a small CSV piece by piece, after writing down who took what.

    The selection is one snapshot; no connection is held while a slow reader reads.
    """
    with transaction():
        ids = invoice_selection.ids(Selection.read(request["selection"]), AT_ONCE_ROWS)
        timeline.record(
            "invoices.exported",
            actor=Actor("operator", str(operator_id)),
            data={"selection": request["selection"], "format": CSV, "rows": len(ids)},
            tenant_id=DEFAULT_TENANT,
        )
    return _pieces(ids, request)


def _pieces(ids: list[int], request: dict[str, Any]) -> Iterator[bytes]:
    yield sheet_csv.opening(request["titles"], request["separator"])
    for start in range(0, len(ids), PART_ROWS):
        with transaction():
            lines = invoice_export.lines(ids[start : start + PART_ROWS], request["words"])
        yield sheet_csv.lines(lines, request["separator"])


def begin(tx: Session, task: Task) -> None:
    """Write the titles, which begin the sheet; a sheet that cannot hold the rows is refused in words."""
    titles = task.request["titles"]
    if task.request["format"] == XLSX:
        if (task.total or 0) > MOST_ROWS:
            tasks.end(task, TaskState.FAILED, tasks.TOO_MANY)
            return
        content, written = sheet_xlsx.opening(titles)
        task.progress = written.said()
    elif task.request["format"] == PARQUET:
        content = b""  # its columns are named by the rows themselves
    else:
        content = sheet_csv.opening(titles, task.request["separator"])
    tx.add(_part(task, OPENING, content))


def work(task: Task, part: TaskPart) -> None:
    """Write the rows of one part of a locked task."""
    lines = invoice_export.lines(part.ids, task.request["words"])
    if task.request["format"] == PARQUET:
        part.content = sheet_parquet.rows(lines, list(COLUMNS))
    elif task.request["format"] == XLSX:
        part.content, written = sheet_xlsx.rows(lines, Written(**task.progress))
        task.progress = written.said()
        if written.size > MOST_BYTES:
            tasks.end(task, TaskState.FAILED, tasks.TOO_MANY)
    else:
        part.content = sheet_csv.lines(lines, task.request["separator"])
    part.done_at = datetime.now(UTC)
    task.done += len(part.ids)


def complete(tx: Session, task: Task, position: int) -> None:
    """Put the frame around the rows of a locked task and let its file wait for a day."""
    if task.request["format"] == XLSX:
        head, tail = sheet_xlsx.frame(task.request["title"], Written(**task.progress))
        tx.add_all([_part(task, HEAD, head), _part(task, position, tail)])
        tx.flush()
    elif task.request["format"] == PARQUET:
        _join(tx, task, position)
    size = select(func.sum(func.length(TaskPart.content))).where(TaskPart.task_id == task.id)
    task.file_bytes = tx.scalar(size)
    task.file_name = f"{task.request['file']}.{task.request['format']}"
    task.expires_at = datetime.now(UTC) + tasks.KEPT


def _join(tx: Session, task: Task, position: int) -> None:
    """Make one Parquet file of the parts of a locked task, and let the parts hold its pieces instead."""
    of_task = (TaskPart.task_id == task.id, TaskPart.position >= FIRST)
    ids = tx.scalars(select(TaskPart.id).where(*of_task).order_by(TaskPart.position)).all()
    with TemporaryFile() as file:
        sheet_parquet.join(_contents(tx, ids), list(COLUMNS), file)
        piece = -(-file.tell() // max(1, len(ids)))
        file.seek(0)
        for part_id in ids:
            tx.execute(update(TaskPart).where(TaskPart.id == part_id).values(content=file.read(piece)))
        tx.add(_part(task, position, file.read()))
    tx.flush()


def _contents(tx: Session, ids: Sequence[int]) -> Iterator[bytes]:
    for part_id in ids:
        content = tx.scalar(select(TaskPart.content).where(TaskPart.id == part_id))
        if content is not None:
            yield content


def _part(task: Task, position: int, content: bytes) -> TaskPart:
    return TaskPart(
        tenant_id=task.tenant_id,
        task_id=task.id,
        position=position,
        ids=[],
        content=content,
        done_at=datetime.now(UTC),
    )
