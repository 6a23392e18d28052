"""Operations: deliveries, inbox, audit, proofs.

Revision: 0014
Before: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
NEWEST = [sa.text("created_at desc"), sa.text("id desc")]


def upgrade() -> None:
    op.add_column("lane", sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lane", sa.Column("stopped_by", sa.Text(), nullable=True))
    op.add_column("lane", sa.Column("stopped_why", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_lane_stopped"),
        "lane",
        "(stopped_at is null) = (stopped_by is null) and (stopped_at is null) = (stopped_why is null)",
    )
    # A lane and a kind at a time, newest first: it answers for webhooks as well.
    op.create_index("ix_outbox_newest", "outbox", ["lane_id", "kind", *NEWEST])
    op.drop_index("ix_outbox_webhook", table_name="outbox")
    op.create_index(
        "ix_outbox_unfinished", "outbox", ["state", *NEWEST], postgresql_where=sa.text("state <> 'done'")
    )
    op.create_index(
        "ix_outbox_faulty", "outbox", ["last_error_class", *NEWEST], postgresql_where=sa.text("last_error_class is not null")
    )
    op.create_index("ix_inbox_kind", "inbox", ["kind", "id"])
    op.create_index(
        "ix_inbox_strangers", "inbox", ["id"], postgresql_where=sa.text("handled_at is not null and payment_id is null")
    )
    op.create_index("ix_event_newest", "event", NEWEST)
    op.create_index("ix_event_kind", "event", ["kind", *NEWEST])
    op.create_index("ix_event_people", "event", ["actor", *NEWEST], postgresql_where=sa.text("actor_kind = 'operator'"))
    op.create_table(
        "proof_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_run")),
    )
    op.create_table(
        "proof_result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("examined", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("broken", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("took_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "state in ('waiting', 'holds', 'broken', 'failed')", name=op.f("ck_proof_result_state")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["proof_run.id"], name=op.f("fk_proof_result_run_id_proof_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_result")),
        sa.UniqueConstraint("run_id", "name", name=op.f("uq_proof_result_run_id_name")),
    )
    op.create_index("ix_proof_result_name", "proof_result", ["name", sa.text("id desc")])
    for table in ("proof_run", "proof_result"):
        op.execute(
            f"create trigger never_deleted before delete on {table} for each row execute function refuse_delete()"
        )


def downgrade() -> None:
    for table in ("proof_result", "proof_run"):
        op.drop_table(table)
    for index in ("ix_event_people", "ix_event_kind", "ix_event_newest"):
        op.drop_index(index, table_name="event")
    op.drop_index("ix_inbox_strangers", table_name="inbox")
    op.drop_index("ix_inbox_kind", table_name="inbox")
    op.drop_index("ix_outbox_faulty", table_name="outbox")
    op.drop_index("ix_outbox_unfinished", table_name="outbox")
    op.create_index(
        "ix_outbox_webhook", "outbox", ["lane_id", *NEWEST], postgresql_where=sa.text("kind = 'webhook.event.send'")
    )
    op.drop_index("ix_outbox_newest", table_name="outbox")
    op.drop_constraint(op.f("ck_lane_stopped"), "lane")
    for column in ("stopped_why", "stopped_by", "stopped_at"):
        op.drop_column("lane", column)
