"""The clock finds unpaid invoices past their day by an index of their own, however many were paid late.

Revision: 0038
Before: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unpaid = sa.text("status = 'unpaid' and due_on is not null")
    op.create_index("ix_invoice_unpaid_due", "invoice", ["due_on", "id"], postgresql_where=unpaid)


def downgrade() -> None:
    op.drop_index("ix_invoice_unpaid_due", "invoice")
