"""A bulk action: each invoice by itself, each with its result, so that a repeated step goes on where it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from app.domain.task import TaskKind
from app.models.task import Task, TaskOutcome, TaskPart
from app.services import resending, status_changes, tasks
from app.services.status_changes import Change, Verdict
from app.services.timeline import Actor
from app.uow import transaction

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from app.integrations import Integrations

PART_INVOICES = 20
MOST_INVOICES = 10_000


def work(task_id: int, position: int, integrations: Integrations) -> None:
    """Do one part of a bulk action; a wish to stop is heard between two invoices."""
    with transaction() as tx:
        task = tx.get_one(Task, task_id)
        kind, reason, tenant_id = TaskKind(task.kind), task.reason, task.tenant_id
        actor = Actor("operator", str(task.operator_id))
        ids = tx.scalars(_part(task_id, position)).one().ids
    for invoice_id in ids:
        if _is_over(task_id, invoice_id):
            continue
        if kind is TaskKind.RESEND:
            with transaction() as tx:
                key = f"again:{task_id}:{invoice_id}"
                _keep(tx, task_id, invoice_id, resending.resend(tx, invoice_id, key, actor, reason))
        else:
            wish = Change(tenant_id, task_id, invoice_id, kind, actor, reason)
            verdict = status_changes.change(wish, integrations.initiators)
            with transaction() as tx:
                _keep(tx, task_id, invoice_id, verdict)
    with transaction() as tx:
        if tasks.lock(tx, task_id).stop_asked_at is None:
            tx.scalars(_part(task_id, position)).one().done_at = datetime.now(UTC)


def _part(task_id: int, position: int) -> Select[TaskPart]:
    return select(TaskPart).where(TaskPart.task_id == task_id, TaskPart.position == position)


def _is_over(task_id: int, invoice_id: int) -> bool:
    """Return whether this invoice needs nothing more: it has its result, or somebody wants the task to stop."""
    has_result = exists().where(TaskOutcome.task_id == task_id, TaskOutcome.invoice_id == invoice_id)
    with transaction() as tx:
        stops = select(Task.stop_asked_at.is_not(None)).where(Task.id == task_id)
        return bool(tx.scalar(stops)) or bool(tx.scalar(select(has_result)))


def _keep(tx: Session, task_id: int, invoice_id: int, verdict: Verdict) -> None:
    """Write the result of one invoice, once, and count it."""
    task = tasks.lock(tx, task_id)
    kept = tx.execute(
        insert(TaskOutcome)
        .values(
            tenant_id=task.tenant_id,
            task_id=task_id,
            invoice_id=invoice_id,
            verdict=verdict.verdict,
            code=verdict.code,
            detail=verdict.detail,
        )
        .on_conflict_do_nothing()
        .returning(TaskOutcome.id)
    ).scalar_one_or_none()
    if kept is not None:
        task.done += 1
