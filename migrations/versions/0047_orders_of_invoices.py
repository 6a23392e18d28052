"""Invoices can be listed in the order of due days, numbers and payers' names.

Numbers have an index with their tenant already; those that have none or no due day come last, the newest or oldest first.

Revision: 0047
Before: 0046
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

NEWEST = [sa.text("created_at desc"), sa.text("id desc")]
OF_A_DUE_DAY = ["status", "initiator_id", "kind", "total_minor", "paid_at", "in_directo", "issued_at"]
OF_A_PAYER = ["status", "initiator_id", "kind", "total_minor", "paid_at", "due_on", "in_directo", "issued_at"]
PAYER = sa.text("""((lower("left"(customer_name, 100)) collate "C") || '')""")


def upgrade() -> None:
    make("due_order", ["due_on", "id"], OF_A_DUE_DAY, "due_on is not null")
    make("without_due", NEWEST, OF_A_DUE_DAY, "due_on is null")
    make("without_number", NEWEST, None, "number is null")
    make("payer", [PAYER, "id"], OF_A_PAYER)


def make(name: str, columns: list[sa.TextClause | str], beside: list[str] | None, where: str | None = None) -> None:
    op.create_index(
        f"ix_invoice_{name}",
        "invoice",
        columns,
        postgresql_include=beside,
        postgresql_where=None if where is None else sa.text(where),
    )


def downgrade() -> None:
    for name in ("due_order", "without_due", "without_number", "payer"):
        op.drop_index(f"ix_invoice_{name}", "invoice")
