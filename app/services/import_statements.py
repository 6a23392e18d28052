"""Taking in many invoices at once: each step one statement over all rows, so that a hundred thousand take seconds.

`incoming` holds the rows as they came, `fact` those that are taken with the keys of everything they become. Both
live as long as the transaction.
"""

from __future__ import annotations

from sqlalchemy import text

from app.domain.import_run import Phase

# Row by row as COPY writes them, so the order of the columns is that of `COLUMNS`.
COLUMNS = """
 position bigint, number bigint, initiator_id bigint, code text, kind text, word text, status text, total bigint,
 captured bigint, refunded bigint, is_paid boolean, description text, created_at timestamptz, occurred_at timestamptz,
 in_directo boolean, e_invoice_sent_at timestamptz, method text, gateway text, account text, external_id text,
 snapshot jsonb, paid_by bigint, domain text, user_uuid text, user_email text, claims jsonb, note text
"""
NAMES = [line.split()[0] for line in COLUMNS.replace("\n", " ").split(",")]
COPY = f"copy incoming ({', '.join(NAMES)}) from stdin"

# What is brought along is history, not news: nobody's endpoint hears of it.
ROOM = text("set local statement_timeout = '15min'; set local lock_timeout = '30s'; set local billing.silent = 'on'")
INCOMING = text(f"create temp table incoming ({COLUMNS}, reason text) on commit drop")

# The first of several rows with one number is meant. What is here already stays as it is.
TWICE = text("""
update incoming set reason = 'the same number stands further up'
  from (select position, row_number() over (partition by number order by position) as place from incoming) same
 where same.position = incoming.position and same.place > 1
""")
REFUSE = [
    TWICE,
    text("""
update incoming
   set reason = case when invoice.initiator_id = any(:owns) then 'is registered already'
                     else 'this invoice number is not available to you' end
  from invoice where invoice.tenant_id = :tenant_id and invoice.number = incoming.number and reason is null
"""),
    text("""
update incoming set reason = 'this invoice number is not available to you'
  from number_reservation r join number_range g on g.id = r.range_id and g.kind <> 'monthly'
 where r.tenant_id = :tenant_id and r.number = incoming.number and r.initiator_id <> all(:owns) and reason is null
"""),
]
# What cannot stay as it is said is taken as the service's own word, with a note. The first statement is about a payment
# that is here or further up already, the others about bulk payments: members must exist and be all of the sum.
ADJUST = [
    text("""
update incoming set method = 'reported', gateway = 'service', account = code, external_id = null, snapshot = null,
       note = 'its payment reference belongs to another payment: taken as paid by report of its service'
  from (select position,
               row_number() over (partition by gateway, external_id order by kind <> 'bulk', position) as place
          from incoming where external_id is not null and paid_by is null and reason is null) same
 where same.position = incoming.position
   and (same.place > 1 or exists (select 1 from payment p
                                   where p.gateway = incoming.gateway and p.external_id = incoming.external_id))
"""),
    text("""
update incoming set reason = 'a bulk payment whose members do not add up to it: each is taken by itself'
 where kind = 'bulk' and reason is null
   and (method <> 'hosted' or total <> (select coalesce(sum(m.total), 0) from incoming m
                                         where m.paid_by = incoming.number and m.code = incoming.code and m.is_paid
                                           and m.total > 0 and m.refunded = 0 and m.reason is null))
"""),
    text("""
update incoming set paid_by = null, method = 'reported', gateway = 'service', account = code, external_id = null,
       snapshot = null, note = 'paid together with others, which cannot be told: taken as paid by report of its service'
 where paid_by is not null
   and not exists (select 1 from incoming parent
                    where parent.number = incoming.paid_by and parent.kind = 'bulk' and parent.code = incoming.code
                      and parent.reason is null and incoming.is_paid and incoming.total > 0 and incoming.refunded = 0)
"""),
]
FACT = text("""
create temp table fact on commit drop as
select i.*, nextval(of_invoice) as invoice_id,
       case when is_paid and total > 0 and paid_by is null then nextval(of_payment) end as payment_id,
       case when total > 0 and kind <> 'bulk' then nextval(of_books) end as issued_tx,
       case when is_paid and total > 0 and kind <> 'bulk' then nextval(of_books) end as received_tx,
       case when total > 0 and (refunded > 0 or word = 'cancelled') then nextval(of_books) end as ended_tx,
       case when word = 'cancelled' then 'cancelled' when refunded > 0 then 'refunded' end as ending,
       coalesce(occurred_at, clock_timestamp()) as at,
       to_char(total / 100.0, 'FM9999999999990.00') as amount
  from (select * from incoming where reason is null order by number) i,
       lateral (select pg_get_serial_sequence('invoice', 'id') as of_invoice,
                       pg_get_serial_sequence('payment', 'id') as of_payment,
                       pg_get_serial_sequence('ledger_transaction', 'id') as of_books) as sequences
""")
PAID_BY = text("update fact set payment_id = parent.payment_id from fact parent where parent.number = fact.paid_by")
INVOICES = text("""
insert into invoice (id, tenant_id, public_token, number, initiator_id, kind, source, status, currency, subtotal_minor,
                     total_minor, captured_minor, refunded_minor, description, last_charge_error, issued_at, overdue_at,
                     paid_at, cancelled_at, cancel_reason, in_directo, e_invoice_sent_at, import_batch_id, created_at)
select invoice_id, :tenant_id, replace(gen_random_uuid()\\:\\:text, '-', ''), number, initiator_id, kind, 'import',
       status, 'EUR', total, total, captured, refunded, description,
       case when status = 'charged_with_error' then 'imported as failed' end,
       coalesce(created_at, clock_timestamp()), case when status = 'overdue' then at end, case when is_paid then at end,
       case when ending = 'cancelled' then at end, case when ending = 'cancelled' then 'imported as cancelled' end,
       in_directo, e_invoice_sent_at, :batch_id, coalesce(created_at, clock_timestamp())
  from fact order by number
on conflict (tenant_id, number) do nothing
""")
# Somebody else registered these while we looked.
OVERTAKEN = text("""
with gone as (
  delete from fact where not exists (select 1 from invoice where invoice.id = fact.invoice_id) returning position
)
update incoming set reason = 'is registered already' from gone where gone.position = incoming.position
""")
PAYMENTS = text("""
insert into payment (id, tenant_id, public_token, invoice_id, initiator_id, method, gateway, account, status,
                     amount_minor, currency, captured_minor, refunded_minor, external_id, gateway_method,
                     provider_state, snapshot, completed_at, created_at, import_batch_id)
select payment_id, :tenant_id, replace(gen_random_uuid()\\:\\:text, '-', ''), invoice_id, initiator_id, method, gateway,
       account, case when refunded > 0 then 'refunded' else 'completed' end, total, 'EUR', captured, refunded,
       coalesce(external_id, 'imported:' || number), snapshot ->> 'payment_method', snapshot ->> 'payment_state',
       snapshot, at, at, :batch_id
  from fact where payment_id is not null and paid_by is null
""")
GATEWAY_REFERENCES = text("""
insert into gateway_reference (tenant_id, gateway, external_id, payment_id, dirty_seq, clean_seq)
select :tenant_id, gateway, external_id, payment_id, 0, 0 from fact where payment_id is not null and method = 'hosted'
   and paid_by is null
    on conflict (tenant_id, gateway, external_id) do update set payment_id = excluded.payment_id
""")
ALLOCATIONS = text("""
insert into allocation (tenant_id, payment_id, invoice_id, amount_minor)
select :tenant_id, payment_id, invoice_id, total from fact where payment_id is not null and kind <> 'bulk'
""")
SETTLEMENTS = text("""
insert into settlement (tenant_id, invoice_id, payment_id, amount_minor, source)
select :tenant_id, invoice_id, payment_id, total, :source from fact where is_paid
""")
REFUNDS = text("""
insert into refund (tenant_id, payment_id, invoice_id, amount_minor, currency, status, reason, idempotency_key,
                    requested_by, finished_at)
select :tenant_id, payment_id, invoice_id, refunded, 'EUR', 'succeeded', 'imported as refunded', 'import',
       :actor_kind || '\\:' || :actor, at
  from fact where refunded > 0
""")
BOOKINGS = text("""
insert into ledger_transaction (id, tenant_id, kind, dedupe_key, invoice_id, payment_id)
select issued_tx, :tenant_id, 'invoice.issued', 'invoice\\:' || invoice_id || '\\:issued', invoice_id, null
  from fact where issued_tx is not null
union all
select received_tx, :tenant_id, 'payment.received', 'payment\\:' || payment_id || '\\:received' ||
       case when paid_by is null then '' else '\\:' || invoice_id end, invoice_id, payment_id
  from fact where received_tx is not null
union all
select ended_tx, :tenant_id, case ending when 'refunded' then 'payment.refunded' else 'invoice.cancelled' end,
       case ending when 'refunded' then 'payment\\:' || payment_id || '\\:refunded\\:0'
                   else 'invoice\\:' || invoice_id || '\\:cancelled' end, invoice_id, payment_id
  from fact where ended_tx is not null
""")
# Accounts and signs come from the posting rules of the domain (`rule`); here each is multiplied by its amount.
ENTRIES = text("""
insert into ledger_entry (tenant_id, transaction_id, account_id, amount_minor, currency)
select :tenant_id, step.tx, rule.account_id, rule.side * fact.total, 'EUR'
  from fact
  cross join lateral (values ('issued', issued_tx), ('received', received_tx), (ending, ended_tx)) as step (name, tx)
  join unnest(cast(:codes as text[]), cast(:gateways as text[]), cast(:steps as text[]), cast(:accounts as bigint[]),
              cast(:sides as bigint[])) as rule (code, gateway, step, account_id, side)
    on rule.code = fact.code and rule.gateway = fact.gateway and rule.step = step.name
 where step.tx is not null
""")
EVENTS = text("""
insert into event (tenant_id, kind, invoice_id, payment_id, actor_kind, actor, reason, data)
select :tenant_id, told.kind, invoice_id, told.payment_id, :actor_kind, :actor, told.reason, told.data
  from fact cross join lateral (values
         (true, 'invoice.issued', null\\:\\:bigint, null,
          jsonb_build_object('number', number, 'amount', amount, 'currency', 'EUR',
                             'import', cast(:batch_id as bigint))),
         (is_paid, 'invoice.settled', payment_id, null, jsonb_build_object('amount', amount)),
         (payment_id is not null and paid_by is null, 'payment.settled', payment_id, null,
          jsonb_build_object('amount', amount, 'currency', 'EUR', 'allocated', amount, 'gateway', gateway,
                             'method', coalesce(snapshot ->> 'payment_method', method), 'late', false)),
         (refunded > 0, 'payment.refunded', payment_id, 'imported as refunded',
          jsonb_build_object('amount', amount, 'currency', 'EUR')),
         (ending = 'cancelled', 'invoice.cancelled', null, 'imported as cancelled', '{}'),
         (status = 'overdue', 'invoice.overdue', null, null, '{}')
       ) as told (happened, kind, payment_id, reason, data)
 where told.happened order by invoice_id
""")
MEMBERS = text("""
insert into bulk_member (tenant_id, parent_id, member_id, position, amount_minor, released_at)
select :tenant_id, parent.invoice_id, fact.invoice_id,
       row_number() over (partition by parent.invoice_id order by fact.number), fact.total, clock_timestamp()
  from fact join fact parent on parent.number = fact.paid_by
""")
# One open deposit per domain and user: the newest that nobody paid, when none of the others is paid.
DEPOSITS = text("""
insert into deposit (tenant_id, initiator_id, invoice_id, domain, user_uuid, user_email, status, closed_at)
select :tenant_id, initiator_id, invoice_id, domain, user_uuid, user_email,
       case when refunded > 0 then 'returned' when is_paid then 'paid' else 'prepayment' end,
       case when is_paid or word = 'cancelled' or place > 1
              or exists (select 1 from deposit d where d.initiator_id = each.initiator_id and d.domain = each.domain
                            and d.user_uuid = each.user_uuid and d.closed_at is null) then clock_timestamp() end
  from (select *, row_number() over (partition by initiator_id, domain, user_uuid
                                     order by is_paid or word = 'cancelled', number desc) as place
          from fact where domain is not null) each
""")
CLAIMS = text("""
insert into invoice_claim (tenant_id, invoice_id, user_unique_id, names, amount_minor, won_at)
select :tenant_id, invoice_id, claim.holder, claim.names, claim.amount, case when claim.won then at end
  from fact, jsonb_to_recordset(claims) as claim (holder text, names text[], amount bigint, won boolean)
on conflict (invoice_id, user_unique_id) do nothing
""")
OWED = text("""
insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payload)
select :tenant_id, 'search.invoice.index', invoice_id || '\\:1', lane.id, invoice_id, '{}'
  from fact, lane where lane.name = 'search'
""")
# Every row, in the order that keeps the database's checks fed: what is pointed at comes first.
STEPS = {
    Phase.WRITING: (PAYMENTS, GATEWAY_REFERENCES, ALLOCATIONS, SETTLEMENTS, REFUNDS),
    Phase.BOOKING: (BOOKINGS, ENTRIES),
    Phase.TELLING: (EVENTS, MEMBERS, DEPOSITS, CLAIMS, OWED),
}
ADDED = text("select count(*) from fact")
NOTES = text("""
select incoming.note, count(*) as rows from fact join incoming using (position)
 where incoming.note is not null group by 1
""")
LOOKED_AT = text("analyze fact")
CHECKED = text("set constraints all immediate")

# Last, because it makes everybody wait who wants a number: imported numbers count as given (eis.md 7.1).
RANGES = text("""
update number_range g set next_number = greatest(g.next_number, taken.highest + 1)
  from (select r.id, max(fact.number) as highest from number_range r
          join fact on fact.number between r.first_number and r.last_number
         where r.tenant_id = :tenant_id and r.kind in ('invoice', 'deposit') and r.active group by r.id) taken
 where taken.id = g.id
""")
USED = text("""
update number_reservation r set used_at = clock_timestamp()
  from fact where r.tenant_id = :tenant_id and r.number = fact.number and r.used_at is null
   and r.range_id in (select id from number_range where kind <> 'monthly')
returning r.created_at >= transaction_timestamp() or r.initiator_id <> all(:owns)
""")
# How often each reason was met, and the first rows that met one.
REASONS = text("select reason, count(*) from incoming where reason is not null group by reason")
SKIPPED = text("""
select position, cast(number as text) as number, reason from incoming
 where reason is not null order by position limit :most
""")
EXAMPLES = text("""
select position, cast(number as text) as number, reason
  from (select *, row_number() over (partition by reason order by position) as place
          from incoming where reason is not null) met
 where place <= :most order by position
""")
REFERENCE_INCOMING = text("""
create temp table incoming_reference (position bigint, number text, initiator_id bigint, owner text, email text,
                                      reason text) on commit drop
""")
REFERENCE_COPY = "copy incoming_reference (position, number, initiator_id, owner, email) from stdin"
REFERENCE_REFUSE = [
    text("""
update incoming_reference set reason = 'the same number stands further up'
  from (select position, row_number() over (partition by number order by position) as place
          from incoming_reference) same
 where same.position = incoming_reference.position and same.place > 1
"""),
    text("""
update incoming_reference
   set reason = case when r.initiator_id = any(:owns) and coalesce(r.owner, '') = incoming_reference.owner
                                  then 'is known already' else 'this reference number is not available to you' end
  from reference r where r.tenant_id = :tenant_id and r.number = incoming_reference.number and reason is null
"""),
]
REFERENCE_TAKE = text("""
with taken as (
  select *, nextval(pg_get_serial_sequence('account', 'id')) as account_id from incoming_reference where reason is null
), opened as (
  insert into account (id, tenant_id, initiator_id, name, email)
  select account_id, :tenant_id, initiator_id, owner, email from taken
)
insert into reference (tenant_id, number, initiator_id, account_id, owner, email, import_batch_id)
select :tenant_id, number, initiator_id, account_id, nullif(owner, ''), nullif(email, ''), :batch_id
  from taken order by number
""")

REFERENCE_REASONS = text("select reason, count(*) from incoming_reference where reason is not null group by reason")
REFERENCE_SKIPPED = text("""
select position, number, reason from incoming_reference where reason is not null order by position limit :most
""")
REFERENCE_EXAMPLES = text("""
select position, number, reason
  from (select *, row_number() over (partition by reason order by position) as place
          from incoming_reference where reason is not null) met
 where place <= :most order by position
""")

# After so many new rows the planner must look again: the checks that are still owed took ten times as long without.
MANY = 2_000
PLANNED = text("analyze invoice, payment, allocation, settlement, ledger_transaction, ledger_entry, event, outbox")
