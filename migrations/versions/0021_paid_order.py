"""What the order by payment is read from where an invoice's status and its payment disagree: nearly nothing.

Revision: 0021
Before: 0020
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

UNPAID = "status in ('cancelled', 'charged_with_error', 'draft', 'overdue', 'partially_paid', 'pending', 'unpaid')"
PAID = "status in ('chargeback', 'in_protest', 'paid', 'partially_refunded', 'refunded', 'uncollectible')"


def upgrade() -> None:
    """A new invoice is in neither index, and a paid one neither: writing costs the look at the condition alone."""
    op.create_index(
        "ix_invoice_paid_though_unpaid",
        "invoice",
        [sa.text("coalesce(paid_at, '1970-01-01 00:00:00+00'::timestamptz)"), "id"],
        postgresql_where=sa.text(f"paid_at is not null and {UNPAID}"),
    )
    op.create_index(
        "ix_invoice_unpaid_though_paid",
        "invoice",
        [sa.text("created_at desc"), sa.text("id desc")],
        postgresql_where=sa.text(f"paid_at is null and {PAID}"),
    )


def downgrade() -> None:
    op.drop_index("ix_invoice_unpaid_though_paid", "invoice")
    op.drop_index("ix_invoice_paid_though_unpaid", "invoice")
