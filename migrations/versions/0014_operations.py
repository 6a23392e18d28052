"""Operations: deliveries, inbox, audit, proofs.

Revision: 0014
Before: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

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


def downgrade() -> None:
    op.drop_index("ix_outbox_faulty", table_name="outbox")
    op.drop_index("ix_outbox_unfinished", table_name="outbox")
    op.create_index(
        "ix_outbox_webhook", "outbox", ["lane_id", *NEWEST], postgresql_where=sa.text("kind = 'webhook.event.send'")
    )
    op.drop_index("ix_outbox_newest", table_name="outbox")
    op.drop_constraint(op.f("ck_lane_stopped"), "lane")
    for column in ("stopped_why", "stopped_by", "stopped_at"):
        op.drop_column("lane", column)
