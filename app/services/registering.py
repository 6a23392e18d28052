"""What a new invoice writes when a service registers it, in one statement for all that come at the same moment.

The statement costs PostgreSQL about half as much an invoice when it makes eight, and one commit is enough for all
(docs/adr/012). Each invoice still is whole or not there: state, books, timeline and outbox are of one transaction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy.exc import DBAPIError

from app.coalescing import Coalescer
from app.prepared import Prepared
from app.uow import in_transaction, run_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

TOGETHER = "registering together"

# Everything new invoices are, in one statement and so one round trip (decisions.md 23). A number somebody else took
# from a range makes no row; a number above the counter of its range moves the counter, as importing does (eis.md 7.1).
# Locks are taken in one order, as many_invoices does: the counter, then invoices in the order of their numbers, so that
# of two who share some the later one waits and holds nothing the other wants. What was asked is known by its token, as
# two may ask for one number.
CREATE = Prepared("""
with asked as materialized (
  select * from json_to_recordset(cast(:rows as json)) as row (
           tenant_id bigint, public_token text, number bigint, initiator_id bigint, owns bigint[], kind text,
           currency text, total bigint, description text, reference_number text, customer_name text,
           customer_email text, custom_field_1 text, payment_link text, accounts bigint[], amounts bigint[],
           actor text, issued jsonb, link_made jsonb)
), passed as (
  update number_range r set next_number = asked.highest + 1
    from (select r.id, max(number) as highest
            from asked join number_range r on r.tenant_id = asked.tenant_id and r.kind in ('invoice', 'deposit')
                                          and r.active and number between r.next_number and r.last_number
           group by r.id) as asked
   where r.id = asked.id and r.next_number <= asked.highest
  returning 1
), made as (
  insert into invoice (tenant_id, public_token, number, initiator_id, kind, status, currency, subtotal_minor,
                       total_minor, description, reference_number, customer_name, customer_email, custom_field_1,
                       payment_link, account_id, issued_at, source)
  select tenant_id, public_token, number, initiator_id, kind, 'unpaid', currency, total, total, description,
         reference_number, customer_name, customer_email, custom_field_1, payment_link,
         (select account_id from reference
           where reference.tenant_id = asked.tenant_id and reference.number = asked.reference_number
             and reference.initiator_id = any(asked.owns)),
         clock_timestamp(), 'api'
    from asked
   where not exists (select 1 from number_reservation r
                      where r.tenant_id = asked.tenant_id and r.number = asked.number
                        and r.initiator_id <> all(asked.owns)
                        and r.range_id in (select id from number_range where kind <> 'monthly'))
     and (select count(*) from passed) >= 0
   order by number
  on conflict (tenant_id, number) do nothing
  returning id, public_token
), new as (
  select made.id, asked.* from made join asked using (public_token)
), used as (
  update number_reservation r set used_at = clock_timestamp()
    from asked
   where r.tenant_id = asked.tenant_id and r.number = asked.number and r.initiator_id = any(asked.owns)
     and r.used_at is null
), booked as (
  insert into ledger_transaction (tenant_id, kind, dedupe_key, invoice_id)
  select tenant_id, 'invoice.issued', 'invoice\\:' || id || '\\:issued', id from new where total > 0
  returning id, invoice_id
), entries as (
  insert into ledger_entry (tenant_id, transaction_id, account_id, amount_minor, currency)
  select new.tenant_id, booked.id, side.account_id, side.amount, new.currency
    from booked join new on new.id = booked.invoice_id,
         unnest(new.accounts, new.amounts) as side (account_id, amount)
), told as (
  insert into event (tenant_id, kind, invoice_id, actor_kind, actor, data)
  select new.tenant_id, line.kind, new.id, 'initiator', new.actor, line.data
    from new, lateral (values ('invoice.issued', new.issued), ('invoice.link.made', new.link_made))
              as line (kind, data)
), owed as (
  insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payload, run_at)
  select new.tenant_id, 'search.invoice.index', new.id || '\\:1', lane.id, new.id, '{}', now() + interval '1 second'
    from new, lane where lane.name = 'search'
)
select coalesce(json_object_agg(public_token, id), '{}') from made
""")


def make(row: dict[str, Any]) -> int | None:
    """Make this invoice with all that belongs to it and return its id; None when its number is not to be had.

    It is a transaction of its own, together with others of the same moment, or part of the one that is open.
    """
    if in_transaction():
        return _make([row])[0]
    together: Coalescer[dict[str, Any], int | None] = current_app.extensions.setdefault(
        TOGETHER, Coalescer(_make, DBAPIError)
    )
    return together.run(row)


def _make(rows: Sequence[dict[str, Any]]) -> list[int | None]:
    made = run_statement(CREATE, {"rows": json.dumps(rows)})
    ids: dict[str, int] = made[0] if made else {}
    return [ids.get(row["public_token"]) for row in rows]
