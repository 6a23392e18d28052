"""Amounts are found in the order of creation without reading each invoice: thousands have the same amount.

Revision: 0032
Before: 0031
"""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

NAME, COLUMNS = "ix_invoice_amount", ["total_minor", "id"]


def upgrade() -> None:
    op.drop_index(NAME, "invoice")
    op.create_index(NAME, "invoice", COLUMNS, postgresql_include=["created_at"])


def downgrade() -> None:
    op.drop_index(NAME, "invoice")
    op.create_index(NAME, "invoice", COLUMNS)
