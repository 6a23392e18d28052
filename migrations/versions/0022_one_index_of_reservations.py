"""One index where two were the same: every number that is taken wrote both.

Revision: 0022
Before: 0021
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The other one stays."""
    op.drop_index("ix_number_reservation_range_id", "number_reservation")


def downgrade() -> None:
    op.create_index("ix_number_reservation_range_id", "number_reservation", ["range_id", "created_at"])
