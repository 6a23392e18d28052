"""Days that are over are added up by payer, too.

Revision: 0030
Before: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# A payer is called what the invoice of the payment says. No verb of ours changes either afterwards, but the guards of
# 0002 and 0012 let a payment find its invoice once, and an invoice that is a service's own change its name: then the
# days its payments came on are added up again, and those on which some of it went back. Neither column is written when
# money comes, so that nothing is asked then.
REOPEN = """
create function reopen_days_of_payer() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(4027);
  with named as (
    select p.id, p.completed_at from payment p where tg_table_name = 'invoice' and p.invoice_id = new.id
    union all
    select p.id, p.completed_at from payment p where tg_table_name = 'payment' and p.id = new.id
  )
  delete from closed_day where day in (
    select (completed_at at time zone 'Europe/Tallinn')::date from named
    union all
    select (t.created_at at time zone 'Europe/Tallinn')::date
      from named join ledger_transaction t on t.payment_id = named.id
  );
  return null;
end $$;

create trigger reopen_day_named after update of invoice_id on payment for each row
  when (new.invoice_id is distinct from old.invoice_id)
  execute function reopen_days_of_payer();

create trigger reopen_day_named after update of customer_name on invoice for each row
  when (old.issued_at is not null and new.customer_name is distinct from old.customer_name)
  execute function reopen_days_of_payer();
"""
# The program before this one would close days without their payers while it is still running: it is refused.
PAYERS = """
create function check_day_payers() returns trigger language plpgsql as $$
begin
  if not exists (select from day_payer d
                  where d.day = new.day and d.tenant_id = new.tenant_id and d.gateway = new.gateway
                    and d.initiator_id = new.initiator_id and d.currency = new.currency)
     and exists (select from closed_day where day = new.day) then
    raise exception 'sums of % without their payers', new.day using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger payers after insert on day_total deferrable initially deferred
  for each row execute function check_day_payers();
"""
TOTAL = ["day", "tenant_id", "gateway", "initiator_id", "currency"]


def upgrade() -> None:
    op.create_table(
        "day_payer",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("in_minor", sa.BigInteger(), nullable=False),
        sa.Column("back_minor", sa.BigInteger(), nullable=False),
        sa.Column("initiator_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), server_default=sa.text("'EUR'"), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", "place", name=op.f("pk_day_payer")),
        sa.ForeignKeyConstraint(
            TOTAL,
            [f"day_total.{each}" for each in TOTAL],
            name=op.f("fk_day_payer_day_day_total"),
            ondelete="CASCADE",
        ),
    )
    op.execute(REOPEN)
    # They have no sums by payer yet: the hourly closing adds them up again.
    op.execute("delete from closed_day")
    op.execute(PAYERS)


def downgrade() -> None:
    op.execute("drop trigger payers on day_total")
    op.execute("drop function check_day_payers()")
    op.execute("drop trigger reopen_day_named on invoice")
    op.execute("drop trigger reopen_day_named on payment")
    op.execute("drop function reopen_days_of_payer()")
    op.drop_table("day_payer")
