"""Days that are over are added up once, and again when their past is written to.

Revision: 0027
Before: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# All else that a sum is made of is fixed once it is written (guards of 0002).
# A payment that completes now, or money that goes back now, is of a day nobody has closed: it asks nothing of this.
REOPEN = """
create function reopen_day() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(4027);
  if tg_table_name = 'ledger_transaction' then
    delete from closed_day where day = (new.created_at at time zone 'Europe/Tallinn')::date;
  else
    delete from closed_day where day = (new.completed_at at time zone 'Europe/Tallinn')::date;
  end if;
  if tg_op = 'UPDATE' then
    delete from closed_day where day = (old.completed_at at time zone 'Europe/Tallinn')::date;
  end if;
  return null;
end $$;

create trigger reopen_day_late after insert on payment for each row
  when (new.completed_at < now() - interval '1 hour')
  execute function reopen_day();

create trigger reopen_day_changed after update of completed_at, captured_minor on payment for each row
  when (least(old.completed_at, new.completed_at) < now() - interval '1 hour'
        and (old.completed_at, old.captured_minor) is distinct from (new.completed_at, new.captured_minor))
  execute function reopen_day();

create trigger reopen_day_late after insert on ledger_transaction for each row
  when (new.created_at < now() - interval '1 hour'
        and new.kind not in ('invoice.issued', 'invoice.repriced', 'invoice.cancelled', 'payment.received',
                             'credit.applied'))
  execute function reopen_day();
"""


def upgrade() -> None:
    op.create_table(
        "closed_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_closed_day")),
    )
    op.create_table(
        "day_total",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("initiator_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), server_default=sa.text("'EUR'"), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("in_minor", sa.BigInteger(), nullable=False),
        sa.Column("returns", sa.BigInteger(), nullable=False),
        sa.Column("back_minor", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "tenant_id", "gateway", "initiator_id", "currency", name=op.f("pk_day_total")
        ),
        sa.ForeignKeyConstraint(
            ["day"], ["closed_day.day"], name=op.f("fk_day_total_day_closed_day"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "initiator_id"],
            ["initiator.tenant_id", "initiator.id"],
            name=op.f("fk_day_total_tenant_id_initiator"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_day_total_tenant_id_tenant")),
    )
    op.execute(REOPEN)


def downgrade() -> None:
    op.execute("drop trigger reopen_day_late on ledger_transaction")
    op.execute("drop trigger reopen_day_changed on payment")
    op.execute("drop trigger reopen_day_late on payment")
    op.execute("drop function reopen_day()")
    op.drop_table("day_total")
    op.drop_table("closed_day")
