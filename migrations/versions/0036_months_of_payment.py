"""What was paid within a year is walked in the order of creation month by month, not read whole.

Revision: 0036
Before: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

MONTH = sa.text("(date_trunc('month', paid_at at time zone 'UTC'))")
BESIDE = ["status", "initiator_id", "kind", "total_minor", "paid_at", "due_on", "in_directo", "issued_at"]


def upgrade() -> None:
    op.create_index(
        "ix_invoice_paid_month",
        "invoice",
        [MONTH, "created_at", "id"],
        postgresql_include=BESIDE,
        postgresql_where=sa.text("paid_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_invoice_paid_month", "invoice")
