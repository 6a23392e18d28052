"""What must hold of days that were added up."""

from __future__ import annotations

from app.models.ledger import MOVED_LATER, SIDE_MOVED
from app.models.payment import MONEY_CAME
from app.services.invariant import Invariant

CLOSED_DAYS = (
    Invariant(
        "T1 closed days",
        "a closed day's sums, whole and by payer, are what its payments and the returns in the books add up to",
        "select count(*) from closed_day",
        # Kept sums minus computed ones are zero for each part: totals against payers, payers against payments.
        f"""select day as id from (
              select day, tenant_id, gateway, initiator_id, currency, payments n, in_minor m, returns r, back_minor b
                from day_total
              union all
              select day, tenant_id, gateway, initiator_id, currency, -payments, -in_minor, -returns, -back_minor
                from day_payer) whole
             group by day, tenant_id, gateway, initiator_id, currency
            having (sum(n), sum(m), sum(r), sum(b)) <> (0, 0, 0, 0)
            union
            select day from (
              select day, gateway, initiator_id, currency, payer, payments n, in_minor m, returns r, back_minor b
                from day_payer
              union all
              select day, gateway, initiator_id, moved.currency, coalesce(customer_name, ''), n, m, r, b
                from (select (completed_at at time zone 'Europe/Tallinn')::date as day, gateway, initiator_id, currency,
                             invoice_id, -1 n, -captured_minor m, 0 r, 0 b
                        from payment where {MONEY_CAME}
                      union all
                      select (t.created_at at time zone 'Europe/Tallinn')::date, e.gateway, p.initiator_id, e.currency,
                             p.invoice_id, 0, 0, -1, e.amount_minor
                        from ledger_transaction t
                        join payment p on p.id = t.payment_id {SIDE_MOVED.replace("%", "%%")}
                       where t.{MOVED_LATER}) moved
                join closed_day using (day)
                left join (select id, customer_name from invoice) v on v.id = invoice_id) each
             group by day, gateway, initiator_id, currency, payer
            having (sum(n), sum(m), sum(r), sum(b)) <> (0, 0, 0, 0)""",  # noqa: S608 - the parts are ours
    ),
)
