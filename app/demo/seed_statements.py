"""The statements of `billing seed`: one table of facts, and what follows from it in every other table.

They repeat what the verbs write (services/invoices.py, settlement.py, give_back.py); `billing verify` and the seed's
own test hold the two together.
"""

from __future__ import annotations

OPEN_ACCOUNTS = """
insert into ledger_account (code, kind)
select account.code, account.kind
  from initiator i,
       lateral (values ('receivables:' || i.code, 'asset'), ('invoiced:' || i.code, 'income')) as account (code, kind)
 where i.code in ('registry', 'auction', 'eeid')
union all values ('clearing:everypay', 'asset')
on conflict do nothing
""".replace(":", "\\:")

# Who pays, how much, how it ends, and when: decided once, used by every statement below.
FACTS = """
create temp table fact on commit drop as
with dice as (
  select n, random() as who, random() as fate, random() as price, random() as patience,
         floor(power(random(), 2) * 20000)::int as payer,
         now() - interval '730 days' * (1 - (cast(:done as float) + n + random()) / cast(:total as float)) as created_at
    from generate_series(0, cast(:size as int) - 1) as n
), named as (
  select *, cast(:first as bigint) + n as number,
         case when who < 0.62 then 'registry' when who < 0.88 then 'auction' else 'eeid' end as code,
         created_at + interval '40 minutes' + interval '18 days' * power(patience, 3) as paid_at,
         (array['Põhjatäht', 'Linnutee', 'Kirjatuvi', 'Meretuul', 'Ööbik', 'Kivisild', 'Sõstra', 'Hõbehall', 'Rändrahn',
                'Tuulik', 'Vahtra', 'Jõekäär', 'Kaldapealne', 'Lepatriinu', 'Sinilill', 'Kuusik', 'Paemurd',
                'Rukkilill', 'Ristik', 'Saarepuu', 'Tammeoks', 'Udusulg', 'Väike Vanker', 'Õunapuu', 'Äikesepilv',
                'Üleaedne',
                'Rabamets', 'Merevaik', 'Metsatee', 'Luiteliiv', 'Kadakas'])[1 + payer % 31] as word,
         (array['OÜ', 'AS', 'MTÜ', 'UAB', 'SIA', 'Oy', 'FIE'])[1 + payer / 31 % 7] as form
    from dice
), ended as (
  select *,
         case when fate < 0.895 and paid_at > now() - interval '1 minute' then 'open'
              when fate < 0.840 then 'paid'
              when fate < 0.875 and paid_at + interval '3 days' > now() then 'paid'
              when fate < 0.860 then 'refunded'
              when fate < 0.875 then 'partly'
              when fate < 0.895 then 'failed'
              when fate < 0.940 then 'cancelled'
              else 'open' end as ending,
         100 * case code when 'registry' then (array[24, 36, 60, 120, 240, 500, 1240, 6480])[1 + floor(price * 8)::int]
                         when 'auction' then 5 + floor(price * price * 995)::int
                         else (array[12, 24, 36, 60])[1 + floor(price * 4)::int] end::bigint as total
    from named
)
select n, number, code, created_at, ending, total, initiator_id,
       nextval(of_invoice) as invoice_id,
       case when ending not in ('open', 'cancelled') then nextval(of_payment) end as payment_id,
       nextval(of_books) as issued_tx,
       case when ending in ('paid', 'refunded', 'partly') then nextval(of_books) end as received_tx,
       case when ending in ('refunded', 'partly', 'cancelled') then nextval(of_books) end as ended_tx,
       paid_at, paid_at + interval '3 days' as refunded_at,
       least(created_at + interval '5 days', now()) as cancelled_at,
       ending in ('paid', 'refunded', 'partly') as is_paid,
       case ending when 'refunded' then total when 'partly' then total / 4 else 0 end as back,
       word || ' ' || form as payer,
       'arved@' || replace(translate(lower(word), 'õäöüš ', 'oaous-'), '--', '-') || payer % 997 || '.example' as email,
       case when code = 'auction' then '' else (500000 + payer)::text || (10 - (
         7 * ((500000 + payer) % 10) + 3 * ((500000 + payer) / 10 % 10) + (500000 + payer) / 100 % 10
         + 7 * ((500000 + payer) / 1000 % 10) + 3 * ((500000 + payer) / 10000 % 10) + (500000 + payer) / 100000 % 10
       ) % 10) % 10 end as reference_number,
       patience < 0.35 as by_link,
       md5(random()::text) || md5(random()::text) as external_id,
       to_char(total / 100.0, 'FM99999990.00') as amount,
       cast(:account as text) as account,
       cast(null as jsonb) as snapshot
  from ended join (select id as initiator_id, code as whose from initiator) i on i.whose = code,
       lateral (select pg_get_serial_sequence('invoice', 'id') as of_invoice,
                       pg_get_serial_sequence('payment', 'id') as of_payment,
                       pg_get_serial_sequence('ledger_transaction', 'id') as of_books) as sequences
 order by n
""".replace("::", "\\:\\:")

_SNAPSHOT = """
update fact set snapshot = jsonb_build_object(
  'account_name', account, 'order_reference', number::text, 'email', null, 'customer_ip', null, 'customer_url', '',
  'payment_created_at', to_char(paid_at - interval '90 seconds', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  'initial_amount', (total / 100.0)::numeric(12, 2), 'standing_amount', (total / 100.0)::numeric(12, 2),
  'payment_reference', external_id, 'payment_link', null, 'api_username', 'simulated', 'warnings', '{}'::jsonb,
  'stan', null, 'fraud_score', null, 'payment_state', case when ending = 'failed' then 'failed' else 'settled' end,
  'payment_method', 'card', 'ob_details', null, 'creditor_iban', null, 'ob_payment_reference', null,
  'ob_payment_state', null, 'transaction_time', to_char(paid_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
 where payment_id is not null
"""

_INVOICES = """
insert into invoice (id, public_token, number, initiator_id, status, subtotal_minor, total_minor, captured_minor,
                     refunded_minor, description, reference_number, customer_name, customer_email, last_charge_error,
                     issued_at, overdue_at, paid_at, cancelled_at, cancel_reason, version, source, created_at,
                     updated_at)
select invoice_id, 'seed-' || external_id, number, initiator_id,
       case ending when 'partly' then 'partially_refunded' when 'failed' then 'charged_with_error'
                   when 'open' then case when created_at < now() - interval '28 days' then 'overdue' else 'unpaid' end
                   else ending end,
       total, total, case when is_paid then total else 0 end, back,
       case code when 'auction' then 'prepended' else 'reload balance' end, reference_number, payer, email,
       case when ending = 'failed' then 'the card was declined' end, created_at,
       case when ending = 'open' and created_at < now() - interval '28 days' then created_at + interval '28 days' end,
       case when is_paid then paid_at end, case when ending = 'cancelled' then cancelled_at end,
       case when ending = 'cancelled' then 'reported by ' || code end, 2, 'seed', created_at, created_at
  from fact
"""

_PAYMENTS = """
insert into payment (id, public_token, invoice_id, initiator_id, method, gateway, account, status, amount_minor,
                     captured_minor, refunded_minor, merchant_ref, external_id, gateway_method, provider_state,
                     snapshot, failure_message, sent_at, completed_at, version, created_at, updated_at)
select payment_id, 'seed-' || external_id, invoice_id, initiator_id, case when by_link then 'linkpay' else 'hosted' end,
       'everypay', account,
       case ending when 'paid' then 'completed' when 'partly' then 'partially_refunded' else ending end,
       total, case when is_paid then total else 0 end, back, case when not by_link then number::text end, external_id,
       'card', case ending when 'paid' then 'settled' when 'failed' then 'failed' else 'refunded' end, snapshot,
       case when ending = 'failed' then 'the card was declined' end, paid_at - interval '90 seconds',
       case when is_paid then paid_at end, 3, paid_at - interval '90 seconds', paid_at
  from fact where payment_id is not null
"""

_REFERENCES = """
insert into gateway_reference (gateway, external_id, payment_id, dirty_seq, clean_seq, last_heard_at, last_fetched_at,
                               created_at)
select 'everypay', external_id, payment_id, 1, 1, paid_at, paid_at, paid_at from fact where payment_id is not null
"""

_MESSAGES = """
insert into inbox (source, kind, external_id, raw, handled_at, outcome, invoice_id, payment_id, created_at)
select 'everypay', 'status_updated', external_id,
       'payment_reference=' || external_id || '&order_reference=' || number || '&event_name=status_updated', paid_at,
       case when is_paid then 'settled' else 'failed' end, invoice_id, payment_id, paid_at - interval '1 second'
  from fact where payment_id is not null
"""

_ALLOCATIONS = """
insert into allocation (payment_id, invoice_id, amount_minor, created_at)
select payment_id, invoice_id, total, paid_at from fact where is_paid
"""

_SETTLEMENTS = """
insert into settlement (invoice_id, payment_id, amount_minor, source, created_at)
select invoice_id, payment_id, total, 'gateway', paid_at from fact where is_paid
"""

_REFUNDS = """
insert into refund (payment_id, invoice_id, amount_minor, currency, status, reason, idempotency_key, requested_by,
                    created_at)
select payment_id, invoice_id, back, 'EUR', 'succeeded', 'made at the gateway', 'gateway:' || total - back,
       'gateway:everypay', refunded_at
  from fact where back > 0
"""

_BOOKINGS = """
insert into ledger_transaction (id, kind, dedupe_key, invoice_id, payment_id, created_at)
select issued_tx, 'invoice.issued', 'invoice:' || invoice_id || ':issued', invoice_id, null, created_at from fact
union all
select received_tx, 'payment.received', 'payment:' || payment_id || ':received', invoice_id, payment_id, paid_at
  from fact where is_paid
union all
select ended_tx, 'payment.' || case ending when 'partly' then 'partially_refunded' else ending end,
       'payment:' || payment_id || ':' || ending || ':' || total - back, invoice_id, payment_id, refunded_at
  from fact where back > 0
union all
select ended_tx, 'invoice.cancelled', 'invoice:' || invoice_id || ':cancelled', invoice_id, null, cancelled_at
  from fact where ending = 'cancelled'
"""

_ENTRIES = """
insert into ledger_entry (transaction_id, account_id, amount_minor, currency, created_at)
select side.tx, a.id, side.minor, 'EUR', side.at
  from fact, lateral (values
         (issued_tx, 'receivables:' || code, total, created_at),
         (issued_tx, 'invoiced:' || code, -total, created_at),
         (received_tx, 'clearing:everypay', total, paid_at),
         (received_tx, 'receivables:' || code, -total, paid_at),
         (case when back > 0 then ended_tx end, 'invoiced:' || code, back, refunded_at),
         (case when back > 0 then ended_tx end, 'clearing:everypay', -back, refunded_at),
         (case when ending = 'cancelled' then ended_tx end, 'receivables:' || code, -total, cancelled_at),
         (case when ending = 'cancelled' then ended_tx end, 'invoiced:' || code, total, cancelled_at)
       ) as side (tx, code, minor, at) join ledger_account a on a.code = side.code
 where side.tx is not null
"""

_EVENTS = """
insert into event (kind, invoice_id, payment_id, actor_kind, actor, reason, data, created_at)
select told.kind, invoice_id, told.payment_id, told.actor_kind, told.actor, told.reason, told.data, told.at
  from fact, lateral (values
         (true, 'invoice.issued', null, 'initiator', code, null,
          jsonb_build_object('number', number, 'amount', amount, 'currency', 'EUR'), created_at),
         (true, 'invoice.link.made', null, 'initiator', code, null,
          jsonb_build_object('gateway', 'everypay', 'amount', amount, 'currency', 'EUR'), created_at),
         (payment_id is not null, 'payment.created', payment_id, case when by_link then 'gateway' else 'initiator' end,
          case when by_link then 'everypay' else code end, null,
          jsonb_build_object('amount', amount, 'currency', 'EUR'), paid_at - interval '90 seconds'),
         (is_paid, 'invoice.settled', payment_id, 'system', '', null, '{}', paid_at),
         (is_paid, 'payment.settled', payment_id, 'gateway', 'everypay', null,
          jsonb_build_object('amount', amount, 'currency', 'EUR', 'allocated', amount, 'gateway', 'everypay',
                             'method', 'card', 'late', false), paid_at),
         (ending = 'failed', 'payment.failed', payment_id, 'gateway', 'everypay', 'the card was declined', '{}',
          paid_at),
         (is_paid, 'initiator.notified', payment_id, 'system', '', null,
          jsonb_build_object('initiator', code, 'kind', 'initiator.payment.notify', 'status', 200, 'ms', 40,
                             'answer', 'ok', 'attempts', 1), paid_at + interval '1 second'),
         (back > 0, 'payment.' || case ending when 'partly' then 'partially_refunded' else ending end, payment_id,
          'gateway', 'everypay', null,
          jsonb_build_object('amount', to_char(back / 100.0, 'FM99999990.00'), 'currency', 'EUR'),
          refunded_at),
         (ending = 'cancelled', 'invoice.cancelled', null, 'initiator', code, 'reported by ' || code, '{}',
          cancelled_at)
       ) as told (happened, kind, payment_id, actor_kind, actor, reason, data, at)
 where told.happened
"""

_NOTICES = """
insert into outbox (kind, dedupe_key, lane_id, invoice_id, payment_id, payload, state, attempts, run_at, repeatable,
                    answer_status, answer_body, answer_ms, created_at, done_at)
select 'initiator.payment.notify', 'payment:' || payment_id || ':settled', lane.id, invoice_id, payment_id,
       jsonb_build_object('initiator', code, 'body', snapshot), 'done', 1, paid_at, code <> 'auction', 200,
       '{"message": "ok"}', 40, paid_at, paid_at + interval '1 second'
  from fact join lane on lane.name = 'initiator:' || code
 where is_paid
"""

_WORDS = """
insert into invoice_search (tenant_id, invoice_id, created_at, search_text)
select 1, invoice_id, created_at,
       lower(concat_ws(' ', number, reference_number, payer, email,
                       case code when 'auction' then 'prepended' else 'reload balance' end, code))
  from fact
"""

STATEMENTS = [
    statement.replace(":", "\\:")
    for statement in (
        _SNAPSHOT,
        _INVOICES,
        _PAYMENTS,
        _REFERENCES,
        _MESSAGES,
        _ALLOCATIONS,
        _SETTLEMENTS,
        _REFUNDS,
        _BOOKINGS,
        _ENTRIES,
        _EVENTS,
        _NOTICES,
        _WORDS,
    )
]
