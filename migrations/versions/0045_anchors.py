"""Where each chain stood on a day, so that who rewrites a chain contradicts what was told before.

Revision: 0045
Before: 0044
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "anchor",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("chain", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.UniqueConstraint("chain", "position"),
        sa.CheckConstraint("chain in ('ledger', 'event')", name="chain"),
        sa.CheckConstraint("length(hash) = 32", name="hash"),
    )
    op.execute("create trigger append_only before update or delete on anchor for each row execute function refuse_change()")
    op.execute("create trigger no_truncate before truncate on anchor for each statement execute function refuse_change()")


def downgrade() -> None:
    op.drop_table("anchor")
