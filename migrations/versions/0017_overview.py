"""What the overview, the references and the deposits are read from without a scan.

Revision: 0017
Before: 0016
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NEWEST = [sa.text("created_at desc"), sa.text("id desc")]
OPEN = "status in ('charged_with_error', 'overdue', 'partially_paid', 'pending', 'unpaid')"
CAME = "completed_at is not null and captured_minor > 0 and direction = 'in'"
MOVED = "kind not in ('invoice.issued', 'invoice.repriced', 'invoice.cancelled', 'payment.received', 'credit.applied')"
WORDS = "lower(coalesce(owner, '') || ' ' || coalesce(email, ''))"

DEPOSIT_WORDS = "lower(domain || ' ' || user_email || ' ' || user_uuid)"


def upgrade() -> None:
    """Make the indexes; they hold every column that is summed, so that the tables themselves are not read."""
    op.create_index(
        "ix_invoice_open",
        "invoice",
        NEWEST,
        postgresql_include=["kind", "status", "initiator_id", "currency", "total_minor", "captured_minor", "credited_minor"],
        postgresql_where=sa.text(OPEN),
    )
    op.create_index(
        "ix_payment_received",
        "payment",
        ["completed_at", "id"],
        postgresql_include=["gateway", "initiator_id", "currency", "captured_minor"],
        postgresql_where=sa.text(CAME),
    )
    op.create_index(
        "ix_ledger_transaction_moved", "ledger_transaction", ["created_at", "id"], postgresql_where=sa.text(MOVED)
    )
    op.create_index("ix_number_reservation_newest", "number_reservation", ["range_id", "created_at"])
    op.create_index("ix_reference_newest", "reference", NEWEST)
    op.create_index("ix_reference_owner", "reference", [sa.text("lower(coalesce(owner, ''))"), "id"])
    op.create_index(
        "ix_reference_words",
        "reference",
        [sa.text(f"({WORDS}) gin_trgm_ops")],
        postgresql_using="gin",
    )
    op.create_index(
        "ix_invoice_reference_newest",
        "invoice",
        ["reference_number", *NEWEST],
        postgresql_where=sa.text("reference_number <> ''"),
    )
    op.create_index(
        "ix_invoice_reference_open",
        "invoice",
        ["reference_number"],
        postgresql_include=["kind", "currency", "total_minor", "captured_minor", "credited_minor"],
        postgresql_where=sa.text(f"reference_number <> '' and {OPEN}"),
    )
    op.drop_index("ix_invoice_reference_number", "invoice")
    op.create_index("ix_deposit_newest", "deposit", NEWEST)
    op.create_index(
        "ix_deposit_words", "deposit", [sa.text(f"({DEPOSIT_WORDS}) gin_trgm_ops")], postgresql_using="gin"
    )
    op.create_index("ix_deposit_status_newest", "deposit", ["status", *NEWEST])


def downgrade() -> None:
    """Drop them."""
    for name in ("ix_deposit_status_newest", "ix_deposit_words", "ix_deposit_newest"):
        op.drop_index(name, "deposit")
    op.create_index(
        "ix_invoice_reference_number",
        "invoice",
        ["reference_number"],
        postgresql_where=sa.text("reference_number <> ''"),
    )
    for name in ("ix_reference_words", "ix_reference_owner", "ix_reference_newest"):
        op.drop_index(name, "reference")
    op.drop_index("ix_number_reservation_newest", "number_reservation")
    op.drop_index("ix_ledger_transaction_moved", "ledger_transaction")
    op.drop_index("ix_payment_received", "payment")
    for name in ("ix_invoice_reference_open", "ix_invoice_reference_newest", "ix_invoice_open"):
        op.drop_index(name, "invoice")
