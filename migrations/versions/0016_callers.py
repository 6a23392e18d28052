"""What callers may do beside the old contract: keys with limits, payments in parts, news of disputes.

Revision: 0016
Before: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# What payments in parts add: a part that goes back, is lost or disputed before the invoice is paid.
NEW_INVOICE_EDGES = [
    ("unpaid", "partially_refunded"),
    ("overdue", "partially_refunded"),
    ("pending", "partially_refunded"),
    ("charged_with_error", "partially_refunded"),
    ("partially_paid", "partially_refunded"),
    ("partially_paid", "pending"),
    ("partially_paid", "charged_with_error"),
    ("partially_paid", "chargeback"),
    ("in_protest", "uncollectible"),
    ("uncollectible", "partially_refunded"),
    ("uncollectible", "in_protest"),
    ("uncollectible", "chargeback"),
    ("chargeback", "partially_paid"),
    ("chargeback", "uncollectible"),
]

# As in 0008, with the new words and with what an event about a dispute is about.
NEW_FUNCTIONS = """
create or replace function announced_type(kind text) returns text language sql immutable as $$
  select case kind
    when 'invoice.issued' then 'invoice.issued'
    when 'invoice.repriced' then 'invoice.amount_changed'
    when 'invoice.settled' then 'invoice.paid'
    when 'invoice.partially_paid' then 'invoice.partially_paid'
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
    when 'dispute.lost' then 'dispute.lost'
    when 'dispute.deadline' then 'dispute.deadline'
    when 'dispute.closed' then 'dispute.closed'
  end
$$;

create or replace function announce() returns trigger language plpgsql as $$
declare
  made announcement;
begin
  insert into announcement (tenant_id, initiator_id, type, invoice_id, payment_id, payload)
  select new.tenant_id, n.id, announced_type(new.kind), new.invoice_id, new.payment_id,
         jsonb_build_object(
           'type', announced_type(new.kind), 'schema', 1, 'initiator', n.code,
           'timestamp', to_char(new.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'data', jsonb_strip_nulls(jsonb_build_object('invoice', i.part, 'refund', r.part, 'dispute', d.part,
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
    left join lateral (
      select jsonb_build_object('id', public_token, 'status', status, 'amount', decimal_amount(amount_minor, currency),
                                'currency', currency, 'reason', reason, 'outcome', outcome,
                                'evidence_due_on', evidence_due_on) as part
        from dispute where id = case when jsonb_typeof(new.data -> 'dispute') = 'number'
                                     then (new.data ->> 'dispute')::bigint end) d on true
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
OLD_FUNCTIONS = """
create or replace function announced_type(kind text) returns text language sql immutable as $$
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

create or replace function announce() returns trigger language plpgsql as $$
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


def upgrade() -> None:
    """Add what the doc string says; nothing that is there changes its meaning."""
    op.add_column("initiator", sa.Column("shared_secret_used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("initiator", sa.Column("partial_payments", sa.Boolean(), nullable=True))
    op.add_column("initiator_key", sa.Column("idempotency_key", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_initiator_key_idempotency_key"), "initiator_key", ["idempotency_key"])
    op.add_column(
        "dispute",
        sa.Column(
            "public_token",
            sa.Text(),
            server_default=sa.text("'dp_' || replace(gen_random_uuid()::text, '-', '')"),
            nullable=False,
        ),
    )
    op.create_unique_constraint(op.f("uq_dispute_public_token"), "dispute", ["public_token"])
    for before, after in NEW_INVOICE_EDGES:
        op.execute(f"insert into invoice_edge values ('{before}', '{after}') on conflict do nothing")
    op.execute(
        """insert into setting (code, "group", format, value)
           values ('partial_payments', 'billing', 'boolean', null) on conflict do nothing"""
    )
    op.execute(NEW_FUNCTIONS)


def downgrade() -> None:
    """Take it away again; the setting stays: nothing is deleted while its guards stand."""
    op.execute(OLD_FUNCTIONS)
    for before, after in NEW_INVOICE_EDGES:
        op.execute(f"delete from invoice_edge where from_status = '{before}' and to_status = '{after}'")
    op.drop_constraint(op.f("uq_dispute_public_token"), "dispute")
    op.drop_column("dispute", "public_token")
    op.drop_constraint(op.f("uq_initiator_key_idempotency_key"), "initiator_key")
    op.drop_column("initiator_key", "idempotency_key")
    op.drop_column("initiator", "partial_payments")
    op.drop_column("initiator", "shared_secret_used_at")
