"""Long work a person started: begun once, worked part by part in the background, stopped on demand, kept for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import NotFound
from app.domain.task import ENDED, TaskKind, TaskState
from app.models.task import Task, TaskPart
from app.services import outbox, timeline
from app.services.timeline import Actor
from app.uow import retried, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

STEP = "task.step"
LANE = "tasks"
KEPT = timedelta(hours=24)  # security.md T89
SWEPT = 100
BROKEN = "broken"
TOO_MANY = "too_many"


@retried
def start(
    kind: TaskKind, request: dict[str, Any], *, operator_id: int, key: str, reason: str = "", total: int | None = None
) -> int:
    """Begin a task and return its id; the same key of the same person again returns the one that was begun.

    `total` only foretells how many invoices it will be about, for the timeline.
    """
    with transaction() as tx:
        made = tx.execute(
            insert(Task)
            .values(operator_id=operator_id, kind=kind, request=request, reason=reason, idempotency_key=key)
            .on_conflict_do_nothing()
            .returning(Task)
        ).scalar_one_or_none()
        if made is None:
            same = select(Task.id).where(Task.operator_id == operator_id, Task.idempotency_key == key)
            return tx.scalars(same).one()
        owe_step(made, 0)
        timeline.record(
            "task.started",
            actor=Actor("operator", str(operator_id)),
            reason=reason or None,
            data={"task": made.id, "kind": kind, "selection": request["selection"], "foretold": total},
            tenant_id=made.tenant_id,
        )
        return made.id


@retried
def stop(task_id: int, operator_id: int) -> None:
    """Ask a task of one's own to stop after its current part; one that has ended stays as it ended. Raises NotFound."""
    with transaction() as tx:
        task = lock(tx, task_id)
        if task.operator_id != operator_id:
            raise NotFound("task", task_id)
        if task.state in ENDED or task.stop_asked_at is not None:
            return
        task.stop_asked_at = datetime.now(UTC)
        timeline.record(
            "task.stop.asked",
            actor=Actor("operator", str(operator_id)),
            data={"task": task_id, "done": task.done},
            tenant_id=task.tenant_id,
        )


def lock(tx: Session, task_id: int) -> Task:
    """Return the task with its row locked. Raises NotFound."""
    task = tx.get(Task, task_id, with_for_update=True, populate_existing=True)
    if task is None:
        raise NotFound("task", task_id)
    return task


def owe_step(task: Task, position: int) -> None:
    """Owe the work on one part, in the transaction that ended the one before; owed once."""
    payload = {"task_id": task.id, "position": position}
    outbox.post(STEP, f"{task.id}:{position}", lane=LANE, payload=payload, tenant_id=task.tenant_id)


def end(task: Task, state: TaskState, error: str | None = None) -> None:
    """End a locked task and say so on the timeline. A file without an end is of no use, so it goes."""
    task.state = state
    task.error = error
    task.finished_at = datetime.now(UTC)
    if state is not TaskState.DONE:
        task.file_name = task.file_bytes = None
        task.expires_at = task.finished_at if task.kind == TaskKind.EXPORT else None
    timeline.record(
        "task.ended",
        actor=Actor("operator", str(task.operator_id)),
        reason=error,
        data={"task": task.id, "kind": task.kind, "state": state, "done": task.done, "total": task.total},
        tenant_id=task.tenant_id,
    )


@retried
def give_up(task_id: int) -> None:
    """End a task that broke again and again; what it did before stays."""
    with transaction() as tx:
        task = lock(tx, task_id)
        if task.state not in ENDED:
            end(task, TaskState.FAILED, BROKEN)


@retried
def expire() -> int:
    """Empty the files whose time is over, and return of how many tasks."""
    due = select(Task.id).where(Task.expires_at <= func.now()).order_by(Task.expires_at).limit(SWEPT)
    with transaction() as tx:
        ids = list(tx.scalars(due.with_for_update(skip_locked=True)))
        tx.execute(update(TaskPart).where(TaskPart.task_id.in_(ids)).values(content=None, ids=text("'{}'")))
        tx.execute(update(Task).where(Task.id.in_(ids)).values(expires_at=None, file_bytes=None))
        return len(ids)
