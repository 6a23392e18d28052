"""Long work: whose it is, how far it has come, and the file it made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from app.domain.errors import NotFound
from app.models.invoice import Invoice
from app.models.task import Task, TaskOutcome
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHOWN = 50

# One part after the other, so that no memory holds a whole file and no connection waits for a slow reader.
NEXT_CONTENT = text("""
select position, content from task_part
 where task_id = :task_id and position > :after and content is not null order by position limit 1
""")


def of_operator(operator_id: int, before: int | None = None) -> tuple[Sequence[Task], int | None]:
    """Return a person's tasks, newest first, and the id after which the list goes on."""
    found = select(Task).where(Task.operator_id == operator_id).order_by(Task.id.desc()).limit(SHOWN + 1)
    if before is not None:
        found = found.where(Task.id < before)
    rows = session().scalars(found).all()
    return rows[:SHOWN], rows[SHOWN - 1].id if len(rows) > SHOWN else None


def one(task_id: int, operator_id: int) -> Task:
    """Return a task of this person. Raises NotFound, also for somebody else's."""
    found = select(Task).where(Task.id == task_id, Task.operator_id == operator_id)
    task = session().scalars(found.execution_options(populate_existing=True)).one_or_none()
    if task is None:
        raise NotFound("task", task_id)
    return task


def by_key(key: str, operator_id: int) -> int | None:
    """Return the task a person began with this key of a form, if they did."""
    found = select(Task.id).where(Task.operator_id == operator_id, Task.idempotency_key == key)
    return session().scalar(found)


def has_file(task: Task) -> bool:
    """Return whether the file of a task can be fetched now."""
    return task.expires_at is not None and task.file_name is not None and task.expires_at > datetime.now(UTC)


def content(task_id: int) -> Iterator[bytes]:
    """Return the file of a task piece by piece."""
    after = -1
    while True:
        found = session().execute(NEXT_CONTENT, {"task_id": task_id, "after": after}).one_or_none()
        session().rollback()
        if found is None:
            return
        after = found.position
        yield bytes(found.content)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one invoice."""

    id: int
    number: int | None
    payer: str
    total_minor: int
    currency: str
    status: str
    verdict: str
    code: str
    detail: str


def verdicts(task_id: int) -> dict[str, int]:
    """Return how many invoices ended how."""
    found = select(TaskOutcome.verdict, func.count()).where(TaskOutcome.task_id == task_id)
    return {row[0]: row[1] for row in session().execute(found.group_by(TaskOutcome.verdict))}


def results(task_id: int, verdict: str | None = None, after: int = 0) -> tuple[list[Result], int | None]:
    """Return what became of each invoice in the order it was done, and the id after which the list goes on."""
    found = (
        select(
            TaskOutcome.id,
            Invoice.number,
            Invoice.customer_name,
            Invoice.total_minor,
            Invoice.currency,
            Invoice.status,
            TaskOutcome.verdict,
            TaskOutcome.code,
            TaskOutcome.detail,
        )
        .join(Invoice, Invoice.id == TaskOutcome.invoice_id)
        .where(TaskOutcome.task_id == task_id, TaskOutcome.id > after)
        .order_by(TaskOutcome.id)
        .limit(SHOWN + 1)
    )
    if verdict is not None:
        found = found.where(TaskOutcome.verdict == verdict)
    rows = [Result(*row) for row in session().execute(found)]
    return rows[:SHOWN], rows[SHOWN - 1].id if len(rows) > SHOWN else None
