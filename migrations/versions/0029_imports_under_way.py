"""Imports under way: how far each is, and why one took nothing.

Revision: 0029
Before: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# What was brought, by whom and when is fixed; it ends once.
GUARD = """
create function guard_import_batch() returns trigger language plpgsql as $$
begin
  if old.finished_at is not null then
    raise exception 'import % has ended', old.id using errcode = 'restrict_violation';
  end if;
  if (new.id, new.tenant_id, new.source, new.kind, new.actor, new.created_at)
     is distinct from (old.id, old.tenant_id, old.source, old.kind, old.actor, old.created_at) then
    raise exception 'who brought import % is fixed', old.id using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger guard before update on import_batch for each row execute function guard_import_batch();
create trigger never_deleted before delete on import_progress for each row execute function refuse_delete();
"""
# Imports of which nothing came are no imports to the program before: they end with nothing.
END_ALL = """
update import_batch
   set finished_at = coalesce(finished_at, clock_timestamp()), counts = '{"added": 0, "skipped": {}}'
 where finished_at is null or fault is not null
"""


def upgrade() -> None:
    op.add_column("import_batch", sa.Column("fault", sa.Text(), nullable=True))
    op.add_column("import_batch", sa.Column("why", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_import_batch_fault"), "import_batch", "fault in ('refused', 'broken', 'interrupted')"
    )
    op.create_check_constraint(
        op.f("ck_import_batch_ended"), "import_batch", "fault is null or finished_at is not null"
    )
    op.create_index(
        "ix_import_batch_running", "import_batch", ["id"], postgresql_where=sa.text("finished_at is null")
    )
    op.create_table(
        "import_progress",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("phase", sa.Text(), server_default=sa.text("'reading'"), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "phase in ('reading', 'checking', 'writing', 'booking', 'telling', 'proving', 'closing')",
            name=op.f("ck_import_progress_phase"),
        ),
        sa.CheckConstraint("rows_read >= 0", name=op.f("ck_import_progress_rows_read")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_import_progress_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "batch_id"],
            ["import_batch.tenant_id", "import_batch.id"],
            name=op.f("fk_import_progress_tenant_id_batch_id"),
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_import_progress")),
    )
    op.execute(GUARD)


def downgrade() -> None:
    op.drop_table("import_progress")
    op.execute("drop trigger guard on import_batch")
    op.execute("drop function guard_import_batch()")
    op.execute(END_ALL)
    op.drop_index("ix_import_batch_running", table_name="import_batch")
    op.drop_constraint(op.f("ck_import_batch_ended"), "import_batch", type_="check")
    op.drop_constraint(op.f("ck_import_batch_fault"), "import_batch", type_="check")
    op.drop_column("import_batch", "why")
    op.drop_column("import_batch", "fault")
