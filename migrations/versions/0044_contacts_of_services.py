"""A service has somebody who is written to when messages to it are given up, and letters go their own way.

Revision: 0044
Before: 0043
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("initiator", sa.Column("contact_email", sa.Text))
    op.create_check_constraint("contact_email", "initiator", r"contact_email ~ '^[^\s@]+@[^\s@]+$'")
    op.execute("insert into lane (name, queue) values ('mail', 'notify') on conflict (name) do nothing")


def downgrade() -> None:
    """Leave the lane: letters may be owed by it, and nothing is deleted."""
    op.drop_column("initiator", "contact_email")
