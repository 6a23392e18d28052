"""Long work: exports and bulk actions with their progress.

Revision: 0011
Before: 0010
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KINDS = "('export', 'resend', 'cancel', 'mark_paid', 'mark_unpaid')"
STATES = "('waiting', 'running', 'done', 'stopped', 'failed')"
NEVER_DELETED = ["task", "task_part", "task_outcome"]


def common() -> list[sa.Column]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def moment(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def of_tenant(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id_{column}")
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{to}.tenant_id", f"{to}.id"], name=name)


def upgrade() -> None:
    """Make the three tables and the lane of long work; no row of theirs is ever lost."""
    op.create_table(
        "task",
        *common(),
        sa.Column("operator_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("progress", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=True),
        moment("stop_asked_at"),
        moment("started_at"),
        moment("finished_at"),
        moment("expires_at"),
        sa.CheckConstraint(f"kind in {KINDS}", name=op.f("ck_task_kind")),
        sa.CheckConstraint(f"state in {STATES}", name=op.f("ck_task_state")),
        sa.CheckConstraint(
            "(finished_at is not null) = (state in ('done', 'stopped', 'failed'))", name=op.f("ck_task_finished")
        ),
        sa.CheckConstraint("done >= 0 and done <= coalesce(total, 0)", name=op.f("ck_task_done")),
        of_tenant("task", "operator_id", "operator"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_task_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_task_tenant_id_id")),
        sa.UniqueConstraint("operator_id", "idempotency_key", name=op.f("uq_task_operator_id_idempotency_key")),
    )
    op.create_index("ix_task_operator_newest", "task", ["operator_id", sa.text("id desc")])
    op.create_index("ix_task_expiring", "task", ["expires_at"], postgresql_where=sa.text("expires_at is not null"))
    op.create_table(
        "task_part",
        *common(),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        moment("done_at"),
        of_tenant("task_part", "task_id", "task"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_task_part_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_part")),
        sa.UniqueConstraint("task_id", "position", name=op.f("uq_task_part_task_id_position")),
    )
    op.create_table(
        "task_outcome",
        *common(),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("verdict in ('done', 'skipped', 'failed')", name=op.f("ck_task_outcome_verdict")),
        of_tenant("task_outcome", "task_id", "task"),
        of_tenant("task_outcome", "invoice_id", "invoice"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_task_outcome_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_outcome")),
        sa.UniqueConstraint("task_id", "invoice_id", name=op.f("uq_task_outcome_task_id_invoice_id")),
    )
    op.create_index("ix_task_outcome_verdict", "task_outcome", ["task_id", "verdict", "id"])
    for table in NEVER_DELETED:
        op.execute(f"create trigger never_deleted before delete on {table} for each row execute function refuse_delete()")
    op.execute("insert into lane (name, queue) values ('tasks', 'background') on conflict (name) do nothing")


def downgrade() -> None:
    """Take the three tables away; the lane stays, because rows of the outbox may name it."""
    op.drop_table("task_outcome")
    op.drop_table("task_part")
    op.drop_table("task")
