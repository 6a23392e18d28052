"""Nightly comparisons with gateways and what differed.

Revision: 0009
Before: 0008
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = "('missed_callback', 'changed_there', 'amount_differs', 'unknown_there', 'unknown_here', 'clock')"
NEVER_DELETED = ["comparison", "difference"]


def common() -> list[sa.Column]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def upgrade() -> None:
    """Make the two tables; neither loses a row."""
    op.create_table(
        "comparison",
        *common(),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("compared_on", sa.Date(), nullable=False),
        sa.Column("examined", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("differences", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("day < compared_on", name=op.f("ck_comparison_day")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_comparison_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparison")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_comparison_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "gateway", "day", "compared_on", name=op.f("uq_comparison_tenant_id_gateway_day_compared_on")
        ),
    )
    op.create_table(
        "difference",
        *common(),
        sa.Column("comparison_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("at_stake_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.String(3), server_default=sa.text("'EUR'"), nullable=False),
        sa.Column("ours", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("theirs", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("mended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mended_by", sa.Text(), nullable=True),
        sa.CheckConstraint(f"kind in {KINDS}", name=op.f("ck_difference_kind")),
        sa.CheckConstraint("(mended_at is null) = (mended_by is null)", name=op.f("ck_difference_mended")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "comparison_id"],
            ["comparison.tenant_id", "comparison.id"],
            name=op.f("fk_difference_tenant_id_comparison_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payment.tenant_id", "payment.id"],
            name=op.f("fk_difference_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_difference_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
    )
    op.create_index(
        "uq_difference_open",
        "difference",
        ["reference", "kind"],
        unique=True,
        postgresql_where=sa.text("mended_at is null"),
    )
    op.create_index("ix_difference_open", "difference", ["created_at"], postgresql_where=sa.text("mended_at is null"))
    # A day's payments are read in the order of their making.
    op.create_index("ix_payment_gateway_created_at", "payment", ["gateway", "created_at", "id"])
    for table in NEVER_DELETED:
        op.execute(f"create trigger never_deleted before delete on {table} for each row execute function refuse_delete()")


def downgrade() -> None:
    """Take the two tables away."""
    op.drop_index("ix_payment_gateway_created_at", table_name="payment")
    op.drop_table("difference")
    op.drop_table("comparison")
