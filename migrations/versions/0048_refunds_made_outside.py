"""Money that was given back by a bank transfer of our own has its place: the gateway holds its part still.

A transfer has left before anybody records it, so such a refund is booked once it is agreed to and never sent.

Revision: 0048
Before: 0047
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

GUARD = """
create or replace function guard_refund() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status
     and (not exists (select 1 from refund_edge where from_status = old.status and to_status = new.status){outside_edge}) then
    raise exception 'refund % may not go from % to %', old.id, old.status, new.status using errcode = 'check_violation';
  end if;
  if (new.payment_id, new.invoice_id, new.amount_minor, new.currency, new.idempotency_key, new.requested_by,
      {outside_columns}new.tenant_id)
     is distinct from (old.payment_id, old.invoice_id, old.amount_minor, old.currency, old.idempotency_key,
                       old.requested_by, {before_columns}old.tenant_id) then
    raise exception 'refund %: what was asked is fixed', old.id using errcode = 'check_violation';
  end if;
  if old.approved_by is not null and new.approved_by is distinct from old.approved_by then
    raise exception 'refund %: who agreed is fixed', old.id using errcode = 'check_violation';
  end if;
  if old.status = 'pending_approval' and new.status in ({alone}) and new.approved_by is null then
    raise exception 'refund % leaves without a second person', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;
"""
# What was made outside is never sent, and only that is booked when somebody agrees to it.
OUTSIDE_EDGE = """
          or (new.made_outside_on is not null and new.status in ('requested', 'processing', 'unknown', 'failed'))
          or (new.made_outside_on is null and old.status = 'pending_approval' and new.status = 'succeeded')"""

# The books say that our bank paid these: without the columns nothing would.
KEPT = """
do $$ begin
  if exists (select 1 from refund where made_outside_on is not null) then
    raise exception 'refunds made outside are recorded: the version before has no place for them';
  end if;
end $$
"""


def upgrade() -> None:
    op.add_column("payment", sa.Column("outside_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        op.f("ck_payment_outside"), "payment", "outside_minor between 0 and greatest(refunded_minor, 0)"
    )
    op.add_column("refund", sa.Column("made_outside_on", sa.Date(), nullable=True))
    op.add_column("refund", sa.Column("bank_reference", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_refund_outside"), "refund", "(made_outside_on is null) = (bank_reference is null)")
    op.create_check_constraint(
        op.f("ck_refund_bank_reference"), "refund", "char_length(bank_reference) between 1 and 100"
    )
    op.create_check_constraint(
        op.f("ck_refund_never_sent"),
        "refund",
        "made_outside_on is null or (nonce is null and sent_at is null and external_id is null)",
    )
    op.create_index(
        "uq_refund_bank_reference",
        "refund",
        ["payment_id", "invoice_id", "bank_reference"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("bank_reference is not null and status <> 'cancelled'"),
    )
    op.execute("insert into refund_edge values ('pending_approval', 'succeeded')")
    op.execute(
        GUARD.format(
            alone="'requested', 'succeeded'",
            outside_edge=OUTSIDE_EDGE,
            outside_columns="new.made_outside_on, new.bank_reference, ",
            before_columns="old.made_outside_on, old.bank_reference, ",
        )
    )


def downgrade() -> None:
    op.execute(KEPT)
    op.execute(GUARD.format(alone="'requested'", outside_edge="", outside_columns="", before_columns=""))
    op.execute("delete from refund_edge where (from_status, to_status) = ('pending_approval', 'succeeded')")
    op.drop_index("uq_refund_bank_reference", "refund")
    for name in ("never_sent", "bank_reference", "outside"):
        op.drop_constraint(op.f(f"ck_refund_{name}"), "refund", type_="check")
    op.drop_column("refund", "bank_reference")
    op.drop_column("refund", "made_outside_on")
    op.drop_constraint(op.f("ck_payment_outside"), "payment", type_="check")
    op.drop_column("payment", "outside_minor")
