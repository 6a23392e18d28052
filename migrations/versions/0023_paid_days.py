"""Days of payment are read from their index alone, in the order of creation.

Revision: 0023
Before: 0022
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

PAID_AT = sa.text("coalesce(paid_at, '1970-01-01 00:00:00+00'::timestamptz)")


def upgrade() -> None:
    """The planner must see `paid_at` in the index to know that it need not look into the table."""
    op.drop_index("ix_invoice_paid", "invoice")
    op.create_index("ix_invoice_paid", "invoice", [PAID_AT, "id"], postgresql_include=["created_at", "paid_at"])


def downgrade() -> None:
    op.drop_index("ix_invoice_paid", "invoice")
    op.create_index("ix_invoice_paid", "invoice", [PAID_AT, "id"])
