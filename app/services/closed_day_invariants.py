"""What must hold of days that were added up."""

from __future__ import annotations

from app.models.ledger import MOVED_LATER
from app.models.payment import MONEY_CAME
from app.services.invariant import Invariant

CLOSED_DAYS = (
    Invariant(
        "T1 closed days",
        "a closed day's sums are what its payments and the returns in the books add up to",
        "select count(*) from closed_day",
        f"""select day as id
              from (select day, currency, sum(payments) n, sum(in_minor) m, sum(returns) r, sum(back_minor) b
                      from day_total group by 1, 2) said
              full join (
                select day, currency, sum(n) n, sum(m) m, sum(r) r, sum(b) b from (
                  select (completed_at at time zone 'Europe/Tallinn')::date as day, currency, 1 n, captured_minor m,
                         0 r, 0 b
                    from payment where {MONEY_CAME}
                  union all
                  select (t.created_at at time zone 'Europe/Tallinn')::date, e.currency, 0, 0, 1, -e.amount_minor
                    from ledger_transaction t
                    join ledger_entry e on e.transaction_id = t.id
                    join ledger_account a on a.id = e.account_id
                                         and (a.code like 'clearing:%%' or a.code like 'outside:%%')
                   where t.payment_id is not null and t.{MOVED_LATER}) each group by 1, 2) moved using (day, currency)
              join closed_day using (day)
             where (said.n, said.m, said.r, said.b) is distinct from (moved.n, moved.m, moved.r, moved.b)""",  # noqa: S608 - the parts are ours
    ),
)
