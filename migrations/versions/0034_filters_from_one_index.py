"""Days or a status with other filters, and a kind of event with who did it, are answered without reading each row.

Revision: 0034
Before: 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0032"
branch_labels = None
depends_on = None

PAID_AT = sa.text("coalesce(paid_at, '1970-01-01 00:00:00+00'::timestamptz)")
NEWEST = [sa.text("created_at desc"), sa.text("id desc")]
ASKED_FOR = ["initiator_id", "kind", "total_minor", "paid_at", "due_on", "in_directo"]
NOT_PAID = "status in ('cancelled', 'charged_with_error', 'draft', 'overdue', 'partially_paid', 'pending', 'unpaid')"
PAID = "status in ('chargeback', 'in_protest', 'paid', 'partially_refunded', 'refunded', 'uncollectible')"
THOUGH_UNPAID, THOUGH_PAID = f"paid_at is not null and {NOT_PAID}", f"paid_at is null and {PAID}"
# Name, table, columns, what is held beside them, and of which rows.
INDEXES = [
    ("ix_invoice_newest", "invoice", NEWEST, ["status", *ASKED_FOR], None),
    ("ix_invoice_status_newest", "invoice", ["status", *NEWEST], ASKED_FOR, None),
    ("ix_invoice_paid_though_unpaid", "invoice", [PAID_AT, "id"], ["status", "created_at", *ASKED_FOR], THOUGH_UNPAID),
    ("ix_invoice_unpaid_though_paid", "invoice", NEWEST, ["status", *ASKED_FOR], THOUGH_PAID),
    ("ix_event_kind", "event", ["kind", *NEWEST], ["actor_kind"], None),
]


def upgrade() -> None:
    for name, table, columns, beside, rows in INDEXES:
        op.drop_index(name, table)
        op.create_index(name, table, columns, postgresql_include=beside, postgresql_where=rows and sa.text(rows))


def downgrade() -> None:
    for name, table, columns, _beside, rows in INDEXES:
        op.drop_index(name, table)
        op.create_index(name, table, columns, postgresql_where=rows and sa.text(rows))
