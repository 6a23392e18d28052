"""Words to find invoices by, orders to list them in, and views somebody saved.

Revision: 0010
Before: 0009
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Small letters without accents, digits, one space before each word: what is typed and what is kept alike.
WORDS = """
create function search_words(said text) returns text language sql immutable parallel safe as $$
  select ' ' || trim(regexp_replace(lower(public.unaccent('public.unaccent'::regdictionary, said)),
                                    '[^[:alnum:]]+', ' ', 'g'))
$$
"""
# A number and its ends of three digits or more: any part of it begins one of them.
SCRAPS = """
create function number_scraps(said bigint) returns text language sql immutable parallel safe as $$
  select string_agg(substr(said::text, place), ' ' order by place)
    from generate_series(1, greatest(length(said::text) - 2, 1)) as place
$$
"""
QUARTER = "(extract(year from created_at at time zone 'UTC') * 4 + extract(quarter from created_at at time zone 'UTC'))"
NEWEST = [sa.text("created_at desc"), sa.text("id desc")]
# Those nobody has paid come before all others.
PAID = "coalesce(paid_at, '1970-01-01 00:00:00+00'::timestamptz)"
KEPT = """
update invoice_search s
   set search_text = search_words(concat_ws(' ', number_scraps(i.number), i.reference_number, i.customer_name,
                                            i.customer_email, i.description, n.code))
  from invoice i join initiator n on n.id = i.initiator_id
 where i.id = s.invoice_id
"""


def upgrade() -> None:
    op.execute(WORDS)
    op.execute(SCRAPS)
    op.execute(KEPT)
    op.drop_index("ix_invoice_search_trigram", "invoice_search")
    op.drop_index("ix_invoice_search_document_vector", "invoice_search")
    op.execute(f"create index ix_invoice_search_words on invoice_search using gin ({QUARTER}, document_vector)")
    op.create_index(
        "ix_invoice_search_newest", "invoice_search", [sa.text("created_at desc"), sa.text("invoice_id desc")]
    )
    op.create_index("ix_invoice_amount", "invoice", ["total_minor", "id"])
    op.create_index("ix_invoice_paid", "invoice", [sa.text(PAID), "id"])
    op.create_index("ix_invoice_kind_newest", "invoice", ["kind", *NEWEST])
    op.create_index("ix_invoice_due", "invoice", ["due_on", *NEWEST], postgresql_where=sa.text("due_on is not null"))
    op.create_index("ix_invoice_directo_newest", "invoice", ["in_directo", *NEWEST])
    op.create_index("ix_invoice_sent_newest", "invoice", [sa.text("(e_invoice_sent_at is not null)"), *NEWEST])
    op.create_index(
        "ix_gateway_reference_prefix",
        "gateway_reference",
        ["external_id"],
        postgresql_ops={"external_id": "text_pattern_ops"},
    )
    op.add_column("operator", sa.Column("invoice_columns", postgresql.ARRAY(sa.Text()), nullable=True))
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("operator_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_saved_view_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "operator_id"], ["operator.tenant_id", "operator.id"],
            name=op.f("fk_saved_view_tenant_id_operator_id"),
        ),
        sa.CheckConstraint("length(name) between 1 and 60", name=op.f("ck_saved_view_name")),
    )
    op.create_index(
        "uq_saved_view_live", "saved_view", ["operator_id", sa.text("lower(name)")], unique=True,
        postgresql_where=sa.text("retired_at is null"),
    )


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_column("operator", "invoice_columns")
    op.drop_index("ix_gateway_reference_prefix", "gateway_reference")
    for name in ("sent_newest", "directo_newest", "due", "kind_newest", "paid"):
        op.drop_index(f"ix_invoice_{name}", "invoice")
    op.drop_index("ix_invoice_amount", "invoice")
    op.drop_index("ix_invoice_search_newest", "invoice_search")
    op.drop_index("ix_invoice_search_words", "invoice_search")
    op.create_index(
        "ix_invoice_search_document_vector", "invoice_search", ["document_vector"], postgresql_using="gin"
    )
    op.execute(
        f"create index ix_invoice_search_trigram on invoice_search using gin ({QUARTER}, search_text gin_trgm_ops)"
    )
    op.execute("drop function number_scraps(bigint)")
    op.execute("drop function search_words(text)")
