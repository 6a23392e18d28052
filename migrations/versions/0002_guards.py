"""Repeat the rules inside the database: sums, edges, append-only tables.

Code may be wrong; the guard is not (reliability.md 3.1, 3.2).

Revision: 0002
Before: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INVOICE_EDGES = """
draft>unpaid draft>paid draft>cancelled
unpaid>pending unpaid>partially_paid unpaid>paid unpaid>charged_with_error unpaid>overdue unpaid>cancelled unpaid>uncollectible
overdue>pending overdue>partially_paid overdue>paid overdue>charged_with_error overdue>unpaid overdue>cancelled overdue>uncollectible
pending>unpaid pending>overdue pending>partially_paid pending>paid pending>charged_with_error pending>cancelled
charged_with_error>pending charged_with_error>paid charged_with_error>partially_paid charged_with_error>unpaid
charged_with_error>overdue charged_with_error>cancelled charged_with_error>uncollectible
partially_paid>paid partially_paid>unpaid partially_paid>overdue partially_paid>in_protest partially_paid>uncollectible
paid>partially_refunded paid>refunded paid>in_protest paid>cancelled paid>partially_paid
in_protest>paid in_protest>partially_refunded in_protest>refunded in_protest>chargeback
partially_refunded>refunded partially_refunded>in_protest partially_refunded>chargeback
uncollectible>paid cancelled>paid cancelled>partially_paid chargeback>paid
"""
PAYMENT_EDGES = """
created>pending created>processing created>completed created>pending_approval created>failed created>cancelled created>expired
pending>processing pending>authorized pending>completed pending>failed pending>cancelled pending>expired
processing>authorized processing>completed processing>failed processing>cancelled processing>expired
authorized>completed authorized>failed authorized>cancelled authorized>expired
pending_approval>completed pending_approval>failed pending_approval>cancelled pending_approval>expired
completed>partially_refunded completed>refunded completed>charged_back
partially_refunded>refunded partially_refunded>charged_back charged_back>completed
failed>completed cancelled>completed expired>completed
"""

APPEND_ONLY = ["ledger_transaction", "ledger_entry", "event", "seal"]
NEVER_DELETED = [
    "tenant", "initiator", "initiator_key", "account", "reference", "number_range", "number_reservation", "invoice",
    "invoice_line", "invoice_claim", "payment", "gateway_reference", "allocation", "settlement", "refund", "review_item",
    "ledger_account", "inbox", "outbox", "operator", "white_code", "operator_session", "setting",
]

FUNCTIONS = """
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append only', tg_table_name using errcode = 'restrict_violation';
end $$;

create function refuse_delete() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are never deleted', tg_table_name using errcode = 'restrict_violation';
end $$;

create function check_ledger_balance() returns trigger language plpgsql as $$
begin
  if exists (select 1 from ledger_entry where transaction_id = new.transaction_id
             group by currency having sum(amount_minor) <> 0) then
    raise exception 'ledger transaction % does not balance', new.transaction_id using errcode = 'check_violation';
  end if;
  return null;
end $$;

create function check_ledger_not_empty() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from ledger_entry where transaction_id = new.id) then
    raise exception 'ledger transaction % has no entries', new.id using errcode = 'check_violation';
  end if;
  return null;
end $$;

create function check_allocation_sums() returns trigger language plpgsql as $$
declare
  given bigint; moved bigint; owed bigint; captured bigint; taken bigint;
begin
  select coalesce(sum(amount_minor), 0) into given from allocation
   where payment_id = new.payment_id and reversed_at is null;
  select captured_minor into moved from payment where id = new.payment_id;
  if given > moved then
    raise exception 'payment % gives % of %', new.payment_id, given, moved using errcode = 'check_violation';
  end if;
  select coalesce(sum(amount_minor), 0) into taken from allocation
   where invoice_id = new.invoice_id and reversed_at is null;
  select total_minor, captured_minor into owed, captured from invoice where id = new.invoice_id;
  if taken > owed or taken <> captured then
    raise exception 'invoice % takes %, owes %, shows %', new.invoice_id, taken, owed, captured using errcode = 'check_violation';
  end if;
  return null;
end $$;

create function check_refund_sums() returns trigger language plpgsql as $$
declare
  going bigint; moved bigint;
begin
  select coalesce(sum(amount_minor), 0) into going from refund
   where payment_id = new.payment_id and status not in ('failed', 'cancelled');
  select captured_minor into moved from payment where id = new.payment_id;
  if going > moved then
    raise exception 'refunds of payment % are % of %', new.payment_id, going, moved using errcode = 'check_violation';
  end if;
  return null;
end $$;

create function guard_invoice() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status
     and not exists (select 1 from invoice_edge where from_status = old.status and to_status = new.status) then
    raise exception 'invoice % may not go from % to %', old.id, old.status, new.status using errcode = 'check_violation';
  end if;
  if old.issued_at is not null
     and (new.number, new.currency, new.initiator_id, new.tenant_id, new.issued_at, new.public_token)
         is distinct from (old.number, old.currency, old.initiator_id, old.tenant_id, old.issued_at, old.public_token) then
    raise exception 'invoice % is issued: its number, currency and owner are fixed', old.id using errcode = 'check_violation';
  end if;
  if new.total_minor <> old.total_minor and (old.captured_minor > 0 or old.paid_at is not null) then
    raise exception 'invoice % has money: its total is fixed', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create function guard_payment() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status
     and not exists (select 1 from payment_edge where from_status = old.status and to_status = new.status) then
    raise exception 'payment % may not go from % to %', old.id, old.status, new.status using errcode = 'check_violation';
  end if;
  if (new.amount_minor, new.currency, new.gateway, new.account, new.initiator_id, new.tenant_id, new.direction)
     is distinct from (old.amount_minor, old.currency, old.gateway, old.account, old.initiator_id, old.tenant_id, old.direction)
     or (old.external_id is not null and new.external_id is distinct from old.external_id)
     or (old.invoice_id is not null and new.invoice_id is distinct from old.invoice_id) then
    raise exception 'payment %: what was asked is fixed', old.id using errcode = 'check_violation';
  end if;
  if old.captured_minor > 0 and new.captured_minor <> old.captured_minor then
    raise exception 'payment %: captured money is fixed', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create function guard_inbox() returns trigger language plpgsql as $$
begin
  if (new.source, new.kind, new.event_id, new.external_id, new.raw, new.headers, new.peer, new.created_at)
     is distinct from (old.source, old.kind, old.event_id, old.external_id, old.raw, old.headers, old.peer, old.created_at) then
    raise exception 'inbox % is what the outside said: only the stamp may change', old.id using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create function guard_line() returns trigger language plpgsql as $$
begin
  if exists (select 1 from invoice where id = old.invoice_id and issued_at is not null) then
    raise exception 'lines of invoice % are frozen', old.invoice_id using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""

TRIGGERS = """
create constraint trigger balance after insert on ledger_entry deferrable initially deferred
  for each row execute function check_ledger_balance();
create constraint trigger not_empty after insert on ledger_transaction deferrable initially deferred
  for each row execute function check_ledger_not_empty();
create constraint trigger sums after insert or update on allocation deferrable initially deferred
  for each row execute function check_allocation_sums();
create constraint trigger sums after insert or update on refund deferrable initially deferred
  for each row execute function check_refund_sums();
create trigger guard before update on invoice for each row execute function guard_invoice();
create trigger guard before update on payment for each row execute function guard_payment();
create trigger guard before update on inbox for each row execute function guard_inbox();
create trigger guard before update on invoice_line for each row execute function guard_line();
"""

FUNCTION_NAMES = [
    "guard_line", "guard_inbox", "guard_payment", "guard_invoice", "check_refund_sums", "check_allocation_sums",
    "check_ledger_not_empty", "check_ledger_balance", "refuse_delete", "refuse_change",
]


def edges(table: str, words: str) -> None:
    op.execute(f"create table {table} (from_status text, to_status text, primary key (from_status, to_status))")
    rows = ", ".join("('{}', '{}')".format(*word.split(">")) for word in words.split())
    op.execute(f"insert into {table} values {rows}")


def upgrade() -> None:
    edges("invoice_edge", INVOICE_EDGES)
    edges("payment_edge", PAYMENT_EDGES)
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    for table in APPEND_ONLY:
        op.execute(f"create trigger append_only before update or delete on {table} for each row execute function refuse_change()")
        op.execute(f"create trigger no_truncate before truncate on {table} for each statement execute function refuse_change()")
    for table in NEVER_DELETED:
        op.execute(f"create trigger never_deleted before delete on {table} for each row execute function refuse_delete()")


def downgrade() -> None:
    for table in APPEND_ONLY:
        op.execute(f"drop trigger append_only on {table}")
        op.execute(f"drop trigger no_truncate on {table}")
    for table in NEVER_DELETED:
        op.execute(f"drop trigger never_deleted on {table}")
    for name, table in [
        ("balance", "ledger_entry"), ("not_empty", "ledger_transaction"), ("sums", "allocation"), ("sums", "refund"),
        ("guard", "invoice"), ("guard", "payment"), ("guard", "inbox"), ("guard", "invoice_line"),
    ]:
        op.execute(f"drop trigger {name} on {table}")
    for name in FUNCTION_NAMES:
        op.execute(f"drop function {name}()")
    op.execute("drop table invoice_edge")
    op.execute("drop table payment_edge")
