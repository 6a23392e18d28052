"""What a public event says is read from the tables the event is about, not from all it could be about.

Most events are about an invoice alone; joining payment, refund and dispute for each cost half of what announcing does.

Revision: 0034
Before: 0033
"""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

NEW = """
create or replace function announce() returns trigger language plpgsql as $$
declare
  owner bigint;
  part jsonb;
  parts jsonb;
  made announcement;
begin
  parts = jsonb_build_object('before', new.data -> 'before', 'after', new.data -> 'after');
  if new.invoice_id is not null then
    select initiator_id, jsonb_build_object(
             'number', number, 'status', status, 'amount', decimal_amount(total_minor, currency),
             'paid', decimal_amount(captured_minor, currency), 'refunded', decimal_amount(refunded_minor, currency),
             'currency', currency, 'version', version)
      into owner, part from invoice where id = new.invoice_id;
    parts = parts || jsonb_build_object('invoice', part);
  end if;
  if jsonb_typeof(new.data -> 'refund') = 'number' then
    select jsonb_build_object('id', public_token, 'status', status,
                              'amount', decimal_amount(amount_minor, currency), 'currency', currency)
      into part from refund where id = (new.data ->> 'refund')::bigint;
    parts = parts || jsonb_build_object('refund', part);
  end if;
  if jsonb_typeof(new.data -> 'dispute') = 'number' then
    select jsonb_build_object('id', public_token, 'status', status, 'amount', decimal_amount(amount_minor, currency),
                              'currency', currency, 'reason', reason, 'outcome', outcome,
                              'evidence_due_on', evidence_due_on)
      into part from dispute where id = (new.data ->> 'dispute')::bigint;
    parts = parts || jsonb_build_object('dispute', part);
  end if;
  parts = jsonb_strip_nulls(parts);
  if new.payment_id is not null then
    select coalesce(owner, initiator_id), jsonb_build_object(
             'id', public_token, 'status', status, 'amount', decimal_amount(amount_minor, currency),
             'received', decimal_amount(captured_minor, currency),
             'refunded', decimal_amount(refunded_minor, currency), 'currency', currency,
             'method', coalesce(gateway_method, method), 'gateway', gateway, 'failure_code', failure_code,
             'late', late, 'version', version)
      into owner, part from payment where id = new.payment_id;
    parts = parts || jsonb_build_object('payment', part);
  end if;
  insert into announcement (tenant_id, initiator_id, type, invoice_id, payment_id, payload)
  select new.tenant_id, id, announced_type(new.kind), new.invoice_id, new.payment_id,
         jsonb_build_object(
           'type', announced_type(new.kind), 'schema', 1, 'initiator', code,
           'timestamp', to_char(new.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'data', parts)
    from initiator where id = owner
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
OLD = """
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


def upgrade() -> None:
    op.execute(NEW)


def downgrade() -> None:
    op.execute(OLD)
