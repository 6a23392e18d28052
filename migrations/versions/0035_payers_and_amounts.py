"""A payer's payments, what a payment was given to and an exact amount beside other filters are read from indexes alone.

Revision: 0035
Before: 0034
"""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

FILTERED = ["created_at", "status", "kind", "paid_at", "due_on", "in_directo", "issued_at", "e_invoice_sent_at"]
# Name, table, columns, what is held beside them; and both as they were, columns only where they differ.
INDEXES = [
    ("ix_invoice_amount", "invoice", ["total_minor", "id"], ["initiator_id", *FILTERED], None, ["created_at"]),
    ("ix_invoice_initiator_amount", "invoice", ["initiator_id", "total_minor", "id"], FILTERED, None, []),
    ("ix_invoice_customer_name", "invoice", ["customer_name", "id"], [], ["customer_name"], []),
    ("ix_payment_invoice_id", "payment", ["invoice_id", "completed_at"], [], ["invoice_id", "id"], []),
]


def upgrade() -> None:
    for name, table, columns, beside, _columns, _beside in INDEXES:
        make_anew(name, table, columns, beside)
    op.create_index("ix_allocation_payment_id", "allocation", ["payment_id"])


def downgrade() -> None:
    op.drop_index("ix_allocation_payment_id", "allocation")
    for name, table, columns, _beside, before, beside in INDEXES:
        make_anew(name, table, before or columns, beside)


def make_anew(name: str, table: str, columns: list[str], beside: list[str]) -> None:
    op.drop_index(name, table)
    op.create_index(name, table, columns, postgresql_include=beside or None)
