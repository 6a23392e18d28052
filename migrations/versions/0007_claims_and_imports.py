"""Room for claims that are given up, imports, and documents that wait for their sender.

Revision: 0007
Before: 0006
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEVER_DELETED = ["import_batch", "document"]
BROUGHT = ["invoice", "payment", "reference"]

# What was asked for is frozen: only its state, its invoice and the count of askings move.
GUARD = """
create function guard_document() returns trigger language plpgsql as $$
begin
  if (new.kind, new.initiator_id, new.number, new.form, new.dry, new.payload, new.fingerprint, new.tenant_id, new.created_at)
     is distinct from
     (old.kind, old.initiator_id, old.number, old.form, old.dry, old.payload, old.fingerprint, old.tenant_id, old.created_at) then
    raise exception 'document % is what was asked for', old.id using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger guard before update on document for each row execute function guard_document();
"""


def common() -> list[sa.Column]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def make_import_batch() -> None:
    op.create_table(
        "import_batch",
        *common(),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("source in ('api', 'legacy')", name=op.f("ck_import_batch_source")),
        sa.CheckConstraint("kind in ('invoices', 'references')", name=op.f("ck_import_batch_kind")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_import_batch_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_import_batch_tenant_id_id")),
    )


def make_document() -> None:
    op.create_table(
        "document",
        *common(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("initiator_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("dry", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'accepted'"), nullable=False),
        sa.Column("times_asked", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind in ('directo', 'e_invoice')", name=op.f("ck_document_kind")),
        sa.CheckConstraint("state in ('accepted', 'skipped', 'dry')", name=op.f("ck_document_state")),
        sa.CheckConstraint("(state = 'dry') = dry", name=op.f("ck_document_dry")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_document_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "initiator_id"], ["initiator.tenant_id", "initiator.id"],
            name=op.f("fk_document_tenant_id_initiator_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"], ["invoice.tenant_id", "invoice.id"], name=op.f("fk_document_tenant_id_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_document_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "kind", "initiator_id", "fingerprint",
            name=op.f("uq_document_tenant_id_kind_initiator_id_fingerprint"),
        ),
    )
    op.create_index("ix_document_accepted", "document", ["kind", "id"], postgresql_where=sa.text("state = 'accepted'"))
    op.create_index(
        "ix_document_invoice_id", "document", ["invoice_id"], postgresql_where=sa.text("invoice_id is not null")
    )


def upgrade() -> None:
    make_import_batch()
    for table in BROUGHT:
        op.add_column(table, sa.Column("import_batch_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_tenant_id_import_batch_id"), table, "import_batch",
            ["tenant_id", "import_batch_id"], ["tenant_id", "id"],
        )
    op.create_index(
        "ix_invoice_import_batch_id", "invoice", ["import_batch_id"], postgresql_where=sa.text("import_batch_id is not null")
    )
    op.add_column("invoice", sa.Column("in_directo", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("invoice", sa.Column("e_invoice_sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invoice_claim", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    # Of several holders of one number one has won, at most.
    op.create_index(
        "uq_invoice_claim_won", "invoice_claim", ["invoice_id"], unique=True, postgresql_where=sa.text("won_at is not null")
    )
    make_document()
    op.execute(GUARD)
    for table in NEVER_DELETED:
        op.execute(f"create trigger never_deleted before delete on {table} for each row execute function refuse_delete()")


def downgrade() -> None:
    op.drop_table("document")
    op.execute("drop function guard_document()")
    op.drop_index("uq_invoice_claim_won", table_name="invoice_claim")
    op.drop_column("invoice_claim", "released_at")
    op.drop_column("invoice", "e_invoice_sent_at")
    op.drop_column("invoice", "in_directo")
    op.drop_index("ix_invoice_import_batch_id", table_name="invoice")
    for table in reversed(BROUGHT):
        op.drop_constraint(op.f(f"fk_{table}_tenant_id_import_batch_id"), table, type_="foreignkey")
        op.drop_column(table, "import_batch_id")
    op.drop_table("import_batch")
