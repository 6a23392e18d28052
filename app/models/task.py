"""Long work: a task, the parts it is worked in, and what became of each invoice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.task import TaskKind, TaskState
from app.models.base import Base, CreatedAt, Document, Key, Tenanted, Zero, one_of, same_tenant


class Task(Tenanted, Base):
    """What somebody asked for, frozen when they asked, and how far it has come.

    The key of the form makes a double click one task. `total` is known once the selection is frozen in parts.
    """

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("operator_id", "idempotency_key"),
        same_tenant("operator_id", "operator"),
        CheckConstraint(one_of("kind", list(TaskKind)), name="kind"),
        CheckConstraint(one_of("state", list(TaskState)), name="state"),
        CheckConstraint("(finished_at is not null) = (state in ('done', 'stopped', 'failed'))", name="finished"),
        CheckConstraint("done >= 0 and done <= coalesce(total, 0)", name="done"),
        Index("ix_task_operator_newest", "operator_id", text("id desc")),
        Index("ix_task_expiring", "expires_at", postgresql_where=text("expires_at is not null")),
    )

    id: Mapped[Key]
    operator_id: Mapped[int]
    kind: Mapped[str]
    request: Mapped[Document]
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    idempotency_key: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    total: Mapped[int | None]
    done: Mapped[Zero]
    error: Mapped[str | None]
    progress: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    file_name: Mapped[str | None]
    file_bytes: Mapped[int | None]
    stop_asked_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class TaskPart(Tenanted, Base):
    """Some of the invoices of a task, in their order, and the piece of the file they make.

    A file is its parts in the order of their positions; when it expires the contents go and the part stays.
    """

    __tablename__ = "task_part"
    __table_args__ = (UniqueConstraint("task_id", "position"), same_tenant("task_id", "task"))

    id: Mapped[Key]
    task_id: Mapped[int]
    position: Mapped[int]
    ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    done_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class TaskOutcome(Tenanted, Base):
    """What a bulk action did with one invoice; one row for each, so that a repeated step changes nothing."""

    __tablename__ = "task_outcome"
    __table_args__ = (
        UniqueConstraint("task_id", "invoice_id"),
        same_tenant("task_id", "task"),
        same_tenant("invoice_id", "invoice"),
        CheckConstraint("verdict in ('done', 'skipped', 'failed')", name="verdict"),
        Index("ix_task_outcome_verdict", "task_id", "verdict", "id"),
    )

    id: Mapped[Key]
    task_id: Mapped[int]
    invoice_id: Mapped[int]
    verdict: Mapped[str]
    code: Mapped[str] = mapped_column(server_default=text("''"))
    detail: Mapped[str] = mapped_column(server_default=text("''"))
    created_at: Mapped[CreatedAt]
