"""Make the public events, frozen by a trigger on the timeline, and the endpoints that hear them.

Revision: 0008
Before: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")

PLACES = """
-- The place of this transaction in the order of events. The sequence only holds a number: what a dump that is restored
-- into another cluster must add, because transactions are counted anew there.
create function announcement_place() returns bigint language sql volatile as $$
  select pg_current_xact_id()::text::bigint + last_value from announcement_epoch
$$;

-- Below this place nothing can come any more: every transaction that could write there has ended.
create function announcement_horizon() returns bigint language sql stable as $$
  select pg_snapshot_xmin(pg_current_snapshot())::text::bigint + last_value from announcement_epoch
$$;
"""

FUNCTIONS = """
create function announced_type(kind text) returns text language sql immutable as $$
  select case kind
    when 'invoice.issued' then 'invoice.issued'
    when 'invoice.repriced' then 'invoice.amount_changed'
    when 'invoice.settled' then 'invoice.paid'
    when 'invoice.cancelled' then 'invoice.cancelled'
    when 'invoice.overdue' then 'invoice.overdue'
    when 'invoice.reopened' then 'invoice.reopened'
    when 'payment.created' then 'payment.created'
    when 'payment.pending' then 'payment.pending'
    when 'payment.processing' then 'payment.processing'
    when 'payment.unknown' then 'payment.processing'
    when 'payment.authorized' then 'payment.authorized'
    when 'payment.settled' then 'payment.completed'
    when 'payment.failed' then 'payment.failed'
    when 'payment.refused' then 'payment.failed'
    when 'payment.cancelled' then 'payment.cancelled'
    when 'payment.expired' then 'payment.expired'
    when 'payment.partially_refunded' then 'payment.partially_refunded'
    when 'payment.refunded' then 'payment.refunded'
    when 'payment.charged_back' then 'payment.charged_back'
    when 'refund.requested' then 'refund.requested'
    when 'refund.approved' then 'refund.approved'
    when 'refund.processing' then 'refund.processing'
    when 'refund.unknown' then 'refund.processing'
    when 'refund.succeeded' then 'refund.succeeded'
    when 'refund.failed' then 'refund.failed'
    when 'refund.cancelled' then 'refund.cancelled'
    when 'dispute.opened' then 'dispute.opened'
    when 'dispute.updated' then 'dispute.updated'
    when 'dispute.won' then 'dispute.won'
    when 'dispute.closed' then 'dispute.closed'
  end
$$;

create function decimal_amount(minor bigint, currency text) returns text language sql immutable as $$
  select case when currency in ('JPY', 'KRW', 'CLP') then minor::text
              when currency in ('BHD', 'KWD', 'TND') then round(minor / 1000.0, 3)::text
              else round(minor / 100.0, 2)::text end
$$;

-- What can be seen and lies in the future was written in another cluster: go on counting behind it.
create function mend_announcement_epoch() returns boolean language plpgsql as $$
declare
  highest bigint;
begin
  select max(last.xact) into highest
    from initiator i, lateral (select max(a.xact) as xact from announcement a where a.initiator_id = i.id) last;
  if highest >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + (select last_value from announcement_epoch) then
    perform setval('announcement_epoch', highest);
    return true;
  end if;
  return false;
end $$;

create function announce() returns trigger language plpgsql as $$
declare
  made announcement;
begin
  insert into announcement (tenant_id, initiator_id, type, invoice_id, payment_id, payload)
  select new.tenant_id, n.id, announced_type(new.kind), new.invoice_id, new.payment_id,
         jsonb_build_object(
           'type', announced_type(new.kind), 'schema', 1, 'initiator', n.code,
           'timestamp', to_char(new.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'data', jsonb_strip_nulls(jsonb_build_object('invoice', i.part, 'refund', r.part,
                                                        'before', new.data -> 'before', 'after', new.data -> 'after'))
                   || case when p.part is null then '{}' else jsonb_build_object('payment', p.part) end)
    from (select 1) as once
    left join lateral (
      select initiator_id, jsonb_build_object(
               'number', number, 'status', status, 'amount', decimal_amount(total_minor, currency),
               'paid', decimal_amount(captured_minor, currency), 'refunded', decimal_amount(refunded_minor, currency),
               'currency', currency, 'version', version) as part
        from invoice where id = new.invoice_id) i on true
    left join lateral (
      select initiator_id, jsonb_build_object(
               'id', public_token, 'status', status, 'amount', decimal_amount(amount_minor, currency),
               'received', decimal_amount(captured_minor, currency),
               'refunded', decimal_amount(refunded_minor, currency), 'currency', currency,
               'method', coalesce(gateway_method, method), 'gateway', gateway, 'failure_code', failure_code,
               'late', late, 'version', version) as part
        from payment where id = new.payment_id) p on true
    left join lateral (
      select jsonb_build_object('id', public_token, 'status', status,
                                'amount', decimal_amount(amount_minor, currency), 'currency', currency) as part
        from refund where id = case when jsonb_typeof(new.data -> 'refund') = 'number'
                                    then (new.data ->> 'refund')::bigint end) r on true
    join initiator n on n.id = coalesce(i.initiator_id, p.initiator_id)
  returning * into made;
  if made.id is null then
    return null;
  end if;
  insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payment_id, payload)
  select made.tenant_id, 'webhook.event.send', e.id || ':' || made.id, e.lane_id, made.invoice_id, made.payment_id,
         jsonb_build_object('endpoint', e.token, 'event', made.token)
    from webhook_endpoint e
   where e.initiator_id = made.initiator_id and e.enabled
     and (cardinality(e.types) = 0 or made.type = any(e.types));
  return null;
end $$;
"""

# Deferred: what is frozen is the state the whole transaction leaves behind. History that is brought in, by the seed for
# one, is no news: `set local billing.silent = 'on'`.
TRIGGERS = """
create constraint trigger announce after insert on event deferrable initially deferred
  for each row
  when (announced_type(new.kind) is not null and current_setting('billing.silent', true) is distinct from 'on')
  execute function announce();
create trigger append_only before update or delete on announcement for each row execute function refuse_change();
create trigger no_truncate before truncate on announcement for each statement execute function refuse_change();
create trigger never_deleted before delete on webhook_endpoint for each row execute function refuse_delete();
"""


def upgrade() -> None:
    op.add_column(
        "refund",
        sa.Column(
            "public_token",
            sa.Text(),
            server_default=sa.text("'rf_' || replace(gen_random_uuid()::text, '-', '')"),
            nullable=False,
        ),
    )
    op.create_unique_constraint(op.f("uq_refund_public_token"), "refund", ["public_token"])
    for table in ("payment", "reference"):
        op.create_index(
            f"ix_{table}_initiator_newest",
            table,
            ["initiator_id", sa.text("created_at desc"), sa.text("id desc")],
        )
    op.execute("create sequence announcement_epoch minvalue 0 start 0")
    op.execute(PLACES)
    op.create_table(
        "announcement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "token", sa.Text(), server_default=sa.text("'evt_' || replace(gen_random_uuid()::text, '-', '')"), nullable=False
        ),
        sa.Column("xact", sa.BigInteger(), server_default=sa.text("announcement_place()"), nullable=False),
        sa.Column("initiator_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_announcement_tenant_id_tenant")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "initiator_id"],
            ["initiator.tenant_id", "initiator.id"],
            name=op.f("fk_announcement_tenant_id_initiator"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"], ["invoice.tenant_id", "invoice.id"], name=op.f("fk_announcement_tenant_id_invoice")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"], ["payment.tenant_id", "payment.id"], name=op.f("fk_announcement_tenant_id_payment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
        sa.UniqueConstraint("token", name=op.f("uq_announcement_token")),
    )
    op.create_index("ix_announcement_initiator", "announcement", ["initiator_id", "xact", "id"])
    op.create_index("ix_announcement_invoice_id", "announcement", ["invoice_id", "id"])
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("initiator_id", sa.BigInteger(), nullable=False),
        sa.Column("lane_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("disabled_by", sa.Text(), nullable=True),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("previous_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "(previous_sealed is null) = (previous_until is null)", name=op.f("ck_webhook_endpoint_previous")
        ),
        sa.CheckConstraint("enabled = (disabled_by is null)", name=op.f("ck_webhook_endpoint_disabled")),
        sa.CheckConstraint("disabled_by in ('service', 'gone', 'failing')", name=op.f("ck_webhook_endpoint_disabled_by")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_webhook_endpoint_tenant_id_tenant")),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("fk_webhook_endpoint_lane_id_lane")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "initiator_id"],
            ["initiator.tenant_id", "initiator.id"],
            name=op.f("fk_webhook_endpoint_tenant_id_initiator"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
        sa.UniqueConstraint("lane_id", name=op.f("uq_webhook_endpoint_lane_id")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_webhook_endpoint_tenant_id_id")),
        sa.UniqueConstraint("token", name=op.f("uq_webhook_endpoint_token")),
    )
    op.create_index(
        "uq_webhook_endpoint_url",
        "webhook_endpoint",
        ["initiator_id", "url"],
        unique=True,
        postgresql_where=sa.text("enabled"),
    )
    op.create_index(
        "ix_webhook_endpoint_initiator_newest",
        "webhook_endpoint",
        ["initiator_id", sa.text("created_at desc"), sa.text("id desc")],
    )
    op.create_index(
        "ix_outbox_webhook",
        "outbox",
        ["lane_id", sa.text("created_at desc"), sa.text("id desc")],
        postgresql_where=sa.text("kind = 'webhook.event.send'"),
    )
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)


def downgrade() -> None:
    op.execute("drop trigger announce on event")
    op.execute("drop trigger never_deleted on webhook_endpoint")
    for trigger in ("append_only", "no_truncate"):
        op.execute(f"drop trigger {trigger} on announcement")
    op.execute("drop function announce()")
    op.execute("drop function announced_type(text)")
    op.execute("drop function mend_announcement_epoch()")
    op.execute("drop function decimal_amount(bigint, text)")
    op.drop_index("ix_outbox_webhook", table_name="outbox")
    op.drop_table("webhook_endpoint")
    op.drop_table("announcement")
    op.execute("drop function announcement_horizon()")
    op.execute("drop function announcement_place()")
    op.execute("drop sequence announcement_epoch")
    for table in ("reference", "payment"):
        op.drop_index(f"ix_{table}_initiator_newest", table_name=table)
    op.drop_constraint(op.f("uq_refund_public_token"), "refund", type_="unique")
    op.drop_column("refund", "public_token")
