"""What is overdue is counted on the first page by the days themselves, from the index of what is open alone.

Revision: 0041
Before: 0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

NEWEST = [sa.text("created_at desc"), sa.text("id desc")]
OPEN = "status in ('charged_with_error', 'overdue', 'partially_paid', 'pending', 'unpaid')"
SUMMED = ["kind", "status", "initiator_id", "currency", "total_minor", "captured_minor", "credited_minor"]


def upgrade() -> None:
    make_anew([*SUMMED, "due_on", "overdue_at"])


def downgrade() -> None:
    make_anew(SUMMED)


def make_anew(beside: list[str]) -> None:
    op.drop_index("ix_invoice_open", "invoice")
    op.create_index("ix_invoice_open", "invoice", NEWEST, postgresql_include=beside, postgresql_where=sa.text(OPEN))
