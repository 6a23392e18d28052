"""What differs about a reference is open once for each tenant: two may know a payment by the same name.

Revision: 0042
Before: 0041
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_anew(["tenant_id", "reference", "kind"])


def downgrade() -> None:
    make_anew(["reference", "kind"])


def make_anew(columns: list[str]) -> None:
    op.drop_index("uq_difference_open", "difference")
    op.create_index(
        "uq_difference_open", "difference", columns, unique=True, postgresql_where=sa.text("mended_at is null")
    )
