"""A payment that was given back in part and lost in part holds money again when its dispute is won after all.

Revision: 0020
Before: 0017
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("insert into payment_edge values ('refunded', 'partially_refunded')")


def downgrade() -> None:
    op.execute("delete from payment_edge where from_status = 'refunded' and to_status = 'partially_refunded'")
