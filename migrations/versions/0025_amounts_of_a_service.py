"""Amounts of one service in their order: where all its invoices are cheap, the dear ones of others came first.

Revision: 0025
Before: 0024
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A list of one service, ordered by amount, is walked along this index."""
    op.create_index("ix_invoice_initiator_amount", "invoice", ["initiator_id", "total_minor", "id"])


def downgrade() -> None:
    op.drop_index("ix_invoice_initiator_amount", "invoice")
