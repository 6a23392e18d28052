"""Numbers nobody can have any more: whoever names a high number moves the counter for all (eis.md 7.1).

That is the contract, so it is allowed, and a person is asked whether it was meant: a service with a valid key, or a
slip of a finger, ends a range that others share.
"""

from __future__ import annotations

from sqlalchemy import text

from app.services import reviews
from app.uow import retried, transaction

KIND = "numbers.passed_by"
# Less than a fiftieth of a range is no loss, and less than twenty numbers never.
SHARE, FEW = 50, 20

# Of the last hour, as this is looked for every few minutes; a number that was handed out passes nothing by.
JUMPS = text("""
select i.id, i.tenant_id, i.number, s.code as service, i.number - before.number - 1 as passed,
       greatest(0, r.last_number - r.next_number + 1) as left
  from invoice i
  join initiator s on s.id = i.initiator_id
  join number_range r on r.tenant_id = i.tenant_id and r.kind in ('invoice', 'deposit')
                     and i.number between r.first_number and r.last_number,
       lateral (select greatest(
         r.first_number - 1,
         (select max(number) from invoice o
           where o.tenant_id = i.tenant_id and o.number between r.first_number and i.number - 1),
         (select max(number) from number_reservation t
           where t.tenant_id = i.tenant_id and t.range_id = r.id and t.number < i.number)) as number) as before
 where i.created_at > now() - interval '1 hour' and i.import_batch_id is null
   and not exists (select 1 from number_reservation t
                    where t.tenant_id = i.tenant_id and t.number = i.number and t.range_id = r.id)
   and i.number - before.number - 1 > greatest(:few, (r.last_number - r.first_number + 1) / :share)
   and not exists (select 1 from review_item asked where asked.kind = :kind and asked.dedupe_key = 'invoice:' || i.id)
 order by i.id limit 100
""")


@retried
def watch() -> int:
    """Ask a person about each number that passed many others by; return about how many."""
    with transaction() as tx:
        jumps = tx.execute(JUMPS, {"few": FEW, "share": SHARE, "kind": KIND}).all()
        for each in jumps:
            reviews.ask(
                KIND,
                f"invoice:{each.id}",
                f"{each.service} took number {each.number}, which nobody had given out: {each.passed} numbers before "
                f"it are passed by, {each.left} are left in this range",
                invoice_id=each.id,
                tenant_id=each.tenant_id,
            )
    return len(jumps)
