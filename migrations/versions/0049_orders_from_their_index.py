"""The orders of numbers and of payers' names are read from their indexes alone, without the table.

An index of an expression answers by itself only where the column stands in it, too.

Revision: 0049
Before: 0048
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

ASKED_FOR = ["status", "initiator_id", "kind", "total_minor", "paid_at", "due_on", "in_directo", "issued_at"]
OF_A_NUMBER = ["id", "created_at", *ASKED_FOR]
OF_A_PAYER = ["customer_name", "created_at", *ASKED_FOR]
NUMBER = "uq_invoice_tenant_id_number"
PAYER = sa.text("""((lower("left"(customer_name, 100)) collate "C") || '')""")


def upgrade() -> None:
    # Ten million invoices take longer than the minute other migrations have.
    op.execute("set local statement_timeout = '30min'")
    number(OF_A_NUMBER)
    payer(OF_A_PAYER)


def number(beside: list[str]) -> None:
    """Make the new index before the old one goes: no moment is without it."""
    op.create_index("ix_number_new", "invoice", ["tenant_id", "number"], unique=True, postgresql_include=beside)
    op.drop_constraint(NUMBER, "invoice")
    op.execute(f"alter table invoice add constraint {NUMBER} unique using index ix_number_new")


def payer(beside: list[str]) -> None:
    op.drop_index("ix_invoice_payer", "invoice")
    op.create_index("ix_invoice_payer", "invoice", [PAYER, "id"], postgresql_include=beside)


def downgrade() -> None:
    op.execute("set local statement_timeout = '30min'")
    payer(ASKED_FOR)
    number([])
