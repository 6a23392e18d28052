"""What callers may do beside the old contract.

Revision: 0016
Before: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Remember when a service last used the shared secret, and which wish a key was made for."""
    op.add_column("initiator", sa.Column("shared_secret_used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("initiator_key", sa.Column("idempotency_key", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_initiator_key_idempotency_key"), "initiator_key", ["idempotency_key"])


def downgrade() -> None:
    """Forget both."""
    op.drop_constraint(op.f("uq_initiator_key_idempotency_key"), "initiator_key")
    op.drop_column("initiator_key", "idempotency_key")
    op.drop_column("initiator", "shared_secret_used_at")
