"""One payer's invoices, and payments in a state that few are in.

Revision: 0026
Before: 0025
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Both were looked for among everything of their days or of their service."""
    op.create_index("ix_invoice_customer_name", "invoice", ["customer_name"])
    op.create_index(
        "ix_payment_status_newest",
        "payment",
        ["status", sa.text("created_at desc"), sa.text("id desc")],
        postgresql_where=sa.text("status <> 'completed'"),
    )


def downgrade() -> None:
    op.drop_index("ix_payment_status_newest", "payment")
    op.drop_index("ix_invoice_customer_name", "invoice")
