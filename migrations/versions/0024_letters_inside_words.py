"""Letters inside words are found, too.

Revision: 0024
Before: 0023
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Read only where no word begins with what was typed; written in batches, by nobody who waits."""
    op.create_index(
        "ix_invoice_search_letters",
        "invoice_search",
        ["search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )


def downgrade() -> None:
    op.drop_index("ix_invoice_search_letters", "invoice_search")
