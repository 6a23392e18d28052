"""Days, a state or a service with other filters, and a kind of event with who did it, are answered without reading each row.

Revision: 0033
Before: 0032
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

PAID_AT = sa.text("coalesce(paid_at, '1970-01-01 00:00:00+00'::timestamptz)")
NEWEST = [sa.text("created_at desc"), sa.text("id desc")]
ASKED_FOR = ["kind", "total_minor", "paid_at", "due_on", "in_directo", "issued_at"]
NOT_PAID = "status in ('cancelled', 'charged_with_error', 'draft', 'overdue', 'partially_paid', 'pending', 'unpaid')"
PAID = "status in ('chargeback', 'in_protest', 'paid', 'partially_refunded', 'refunded', 'uncollectible')"
THOUGH_UNPAID, THOUGH_PAID = f"paid_at is not null and {NOT_PAID}", f"paid_at is null and {PAID}"
NEWEST = [sa.text("created_at desc"), sa.text("id desc")]
ALL = ["status", "initiator_id", *ASKED_FOR]
# Name, table, columns, what is held beside them, what was before, and of which rows.
INDEXES = [
    ("ix_invoice_newest", "invoice", NEWEST, ALL, [], None),
    ("ix_invoice_status_newest", "invoice", ["status", *NEWEST], ALL[1:], [], None),
    ("ix_invoice_initiator_newest", "invoice", ["initiator_id", *NEWEST], ["status", *ASKED_FOR], [], None),
    ("ix_invoice_paid", "invoice", [PAID_AT, "id"], ["created_at", *ALL], ["created_at", "paid_at"], None),
    ("ix_invoice_paid_though_unpaid", "invoice", [PAID_AT, "id"], ["created_at", *ALL], [], THOUGH_UNPAID),
    ("ix_invoice_unpaid_though_paid", "invoice", NEWEST, ALL, [], THOUGH_PAID),
    ("ix_event_kind", "event", ["kind", *NEWEST], ["actor_kind"], [], None),
]


def upgrade() -> None:
    for name, table, columns, beside, _before, rows in INDEXES:
        make_anew(name, table, columns, beside, rows)


def downgrade() -> None:
    for name, table, columns, _beside, before, rows in INDEXES:
        make_anew(name, table, columns, before, rows)


def make_anew(name: str, table: str, columns: list[Any], beside: list[str], rows: str | None) -> None:
    op.drop_index(name, table)
    op.create_index(
        name, table, columns, postgresql_include=beside or None, postgresql_where=sa.text(rows) if rows else None
    )
