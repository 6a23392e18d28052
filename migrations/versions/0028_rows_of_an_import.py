"""The rows an import brought, in their order.

Revision: 0028
Before: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


TAKEN = sa.text("import_batch_id is not null")


def upgrade() -> None:
    op.drop_index("ix_invoice_import_batch_id", "invoice")
    op.create_index("ix_invoice_import_batch_id", "invoice", ["import_batch_id", "id"], postgresql_where=TAKEN)
    op.create_index("ix_reference_import_batch_id", "reference", ["import_batch_id", "id"], postgresql_where=TAKEN)


def downgrade() -> None:
    op.drop_index("ix_reference_import_batch_id", "reference")
    op.drop_index("ix_invoice_import_batch_id", "invoice")
    op.create_index("ix_invoice_import_batch_id", "invoice", ["import_batch_id"], postgresql_where=TAKEN)
