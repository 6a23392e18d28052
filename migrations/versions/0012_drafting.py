"""Invoices made in the portal: rates of value added tax, drafts, notes.

Revision: 0012
Before: 0011
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Estonia (Käibemaksuseadus, paragraphs 15 and 16): code, category, basis points, first and last day.
RATES = [
    ("standard", "S", 2000, "2009-07-01", "2023-12-31"),
    ("standard", "S", 2200, "2024-01-01", "2025-06-30"),
    ("standard", "S", 2400, "2025-07-01", None),
    ("reduced", "S", 900, "2009-01-01", None),
    ("accommodation", "S", 900, "2009-01-01", "2024-12-31"),
    ("accommodation", "S", 1300, "2025-01-01", None),
    ("press", "S", 900, "2009-01-01", "2022-07-31"),
    ("press", "S", 500, "2022-08-01", "2024-12-31"),
    ("press", "S", 900, "2025-01-01", None),
    ("zero", "Z", 0, "2004-05-01", None),
    ("exempt", "E", 0, "2004-05-01", None),
    ("reverse_charge", "AE", 0, "2004-05-01", None),
]


def common() -> list[sa.Column]:
    """Return the columns every table has."""
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def keys(table: str) -> list[sa.Constraint]:
    """Return the keys every table has."""
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    ]


def upgrade() -> None:
    """Make the tables and write the rates that hold and held in Estonia."""
    op.execute("create extension if not exists btree_gist")
    op.create_table(
        "vat_rate",
        *common(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("basis_points", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,29}$'", name=op.f("ck_vat_rate_code")),
        sa.CheckConstraint("category in ('S', 'Z', 'E', 'AE')", name=op.f("ck_vat_rate_category")),
        sa.CheckConstraint(
            "basis_points between 0 and 9999 and (basis_points > 0) = (category = 'S')", name=op.f("ck_vat_rate_rate")
        ),
        sa.CheckConstraint("valid_to is null or valid_to >= valid_from", name=op.f("ck_vat_rate_days")),
        *keys("vat_rate"),
        postgresql.ExcludeConstraint(
            ("tenant_id", "="),
            ("code", "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            name="ex_vat_rate_days",
        ),
    )
    op.execute("create trigger never_deleted before delete on vat_rate for each row execute function refuse_delete()")
    op.get_bind().execute(
        sa.text(
            "insert into vat_rate (code, category, basis_points, valid_from, valid_to) "
            "values (:code, :category, :rate, cast(:first as date), cast(:last as date))"
        ),
        [{"code": c, "category": k, "rate": r, "first": f, "last": t} for c, k, r, f, t in RATES],
    )


def downgrade() -> None:
    """Drop the tables; the extension stays, others may use it by now."""
    op.drop_table("vat_rate")
