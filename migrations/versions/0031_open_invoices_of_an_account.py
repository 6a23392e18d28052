"""Open invoices of an account: what money that was left over may be used for.

Revision: 0031
Before: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

OPEN = "account_id is not null and status in ('charged_with_error', 'overdue', 'partially_paid', 'pending', 'unpaid')"


def upgrade() -> None:
    op.create_index("ix_invoice_account_open", "invoice", ["account_id"], postgresql_where=sa.text(OPEN))


def downgrade() -> None:
    op.drop_index("ix_invoice_account_open", "invoice")
