"""One step of a task: freeze what it is about, work one part, or end it; each is a transaction of its own.

A step that is repeated, because its worker was killed, finds what was done and only owes what follows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, literal, select

from app.domain.task import ENDED, TaskKind, TaskState
from app.models.task import TaskPart
from app.queries import invoice_selection
from app.queries.invoice_selection import Selection
from app.services import bulk_actions, exports, tasks
from app.uow import transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.integrations import Integrations
    from app.models.task import Task
    from app.services.outbox import Claimed


def step(row: Claimed, integrations: Integrations) -> None:
    """Do the step that was owed. Raises NotFound for a task that is not there."""
    task_id, position = row.payload["task_id"], row.payload["position"]
    if not _is_bulk_work(task_id, position):
        return
    bulk_actions.work(task_id, position, integrations)
    with transaction() as tx:
        task = tasks.lock(tx, task_id)
        if not _ended(task):
            tasks.owe_step(task, position + 1)


def _is_bulk_work(task_id: int, position: int) -> bool:
    """Do what is one transaction, and return whether a part of a bulk action is left, which is many."""
    with transaction() as tx:
        task = tasks.lock(tx, task_id)
        if _ended(task):
            return False
        if position < exports.FIRST:
            if task.total is None:
                _begin(tx, task)
            tasks.owe_step(task, exports.FIRST)
            return False
        part = _part(tx, task_id, position)
        if part is None:
            _complete(tx, task, position)
            return False
        if part.done_at is None and task.kind != TaskKind.EXPORT:
            return True
        if part.done_at is None:
            exports.work(task, part)
        tasks.owe_step(task, position + 1)
        return False


def _ended(task: Task) -> bool:
    """Return whether a locked task is over; one that is to stop ends here."""
    if task.state not in ENDED and task.stop_asked_at is not None:
        tasks.end(task, TaskState.STOPPED)
    return task.state in ENDED


def _begin(tx: Session, task: Task) -> None:
    """Freeze the selection in one snapshot: what matches afterwards is not meant, what matched is."""
    selection = Selection.read(task.request["selection"])
    size, most = exports.PART_ROWS, exports.MOST_LINES
    if task.kind != TaskKind.EXPORT:
        size, most = bulk_actions.PART_INVOICES, bulk_actions.MOST_INVOICES
    parts = invoice_selection.parts(selection, size, most).subquery()
    shifted = select(literal(task.tenant_id), literal(task.id), parts.c[0] + (exports.FIRST - 1), parts.c[1])
    columns = [TaskPart.tenant_id, TaskPart.task_id, TaskPart.position, TaskPart.ids]
    tx.execute(insert(TaskPart).from_select(columns, shifted))
    many = select(func.coalesce(func.sum(func.cardinality(TaskPart.ids)), 0)).where(TaskPart.task_id == task.id)
    task.total = tx.scalar(many)
    task.state = TaskState.RUNNING
    task.started_at = datetime.now(UTC)
    if task.kind == TaskKind.EXPORT:
        exports.begin(tx, task)


def _part(tx: Session, task_id: int, position: int) -> TaskPart | None:
    return tx.scalars(select(TaskPart).where(TaskPart.task_id == task_id, TaskPart.position == position)).one_or_none()


def _complete(tx: Session, task: Task, position: int) -> None:
    if task.kind == TaskKind.EXPORT:
        exports.complete(tx, task, position)
    tasks.end(task, TaskState.DONE)
