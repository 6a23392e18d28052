"""Words are looked for in the newest month first: of ten million invoices a quarter has too many to be read.

Revision: 0040
Before: 0039
"""

from __future__ import annotations

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

YEAR = "extract(year from created_at at time zone 'UTC')"
MONTH = f"({YEAR} * 12 + extract(month from created_at at time zone 'UTC'))"
QUARTER = f"({YEAR} * 4 + extract(quarter from created_at at time zone 'UTC'))"


def upgrade() -> None:
    _index_by(MONTH)


def downgrade() -> None:
    _index_by(QUARTER)


def _index_by(part: str) -> None:
    """Make the new index before the old one goes: to drop one keeps all readers out until the end."""
    op.execute(f"create index ix_invoice_search_new on invoice_search using gin ({part}, document_vector)")
    op.drop_index("ix_invoice_search_words", "invoice_search")
    op.execute("alter index ix_invoice_search_new rename to ix_invoice_search_words")
