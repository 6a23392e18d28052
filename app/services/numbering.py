"""Handing out numbers: one statement per number, so that none is given twice and none is lost (eis.md 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain.errors import Invalid
from app.domain.numbering import NumberRangeExhausted
from app.services import timeline
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.services.initiators import Caller

MONTHLY_LIMIT = 10_000

# The range's row lock makes takers queue; a rollback gives the number back, so there is no gap.
TAKE = text("""
with taken as (
  update number_range set next_number = next_number + :count
   where tenant_id = :tenant_id and kind = :kind and active and next_number + :count - 1 <= last_number
  returning id, next_number - :count as first_taken
)
insert into number_reservation (tenant_id, range_id, number, initiator_id, used_at)
select :tenant_id, id, first_taken + step, :initiator_id, case when :used then clock_timestamp() end
  from taken, generate_series(0, :count - 1) as step
order by step
returning number
""")

IN_USE = text("""
select id, next_number + :count - 1 <= last_number as has_room from number_range
 where tenant_id = :tenant_id and kind = :kind and active for update
""")
ANY_IN_USE = text("select 1 from number_range where tenant_id = :tenant_id and kind = :kind and active")
WAITING = text("""
select id from number_range
 where tenant_id = :tenant_id and kind = :kind and not active and next_number = first_number
   and last_number - first_number + 1 >= :count
 order by id limit 1 for update
""")
PUT_IN_USE = text("""
update number_range r
   set active = true,
       next_number = greatest(first_number, case kind when 'monthly' then 0 else 1 + coalesce((
         select max(number) from invoice i
          where i.tenant_id = r.tenant_id and i.number between r.first_number and r.last_number), 0) end)
 where id = :id
""")


# A number above the counter of its range moves the counter, as importing does (eis.md 7.1); ranges in one order.
ADVANCE_PAST = text("""
with passed as (
  select id from number_range
   where tenant_id = :tenant_id and kind in ('invoice', 'deposit') and active
     and exists (select 1 from unnest(cast(:numbers as bigint[])) number
                  where number between next_number and last_number)
   order by id for update
)
update number_range r
   set next_number = greatest(next_number, (select max(number) + 1 from unnest(cast(:numbers as bigint[])) number
                                             where number between first_number and last_number))
  from passed where passed.id = r.id
""")
MARK_USED = text("""
with mine as (
  select id from number_reservation
   where tenant_id = :tenant_id and number = any(:numbers) and initiator_id = any(:owns) and used_at is null
   order by number for update
)
update number_reservation r set used_at = clock_timestamp() from mine where mine.id = r.id
""")


@retried
def take_invoice_number(caller: Caller) -> int:
    """Return the next invoice number, reserved for the caller for ever.

    Raises NumberRangeExhausted when the last number of the range, which is included, was given (eis.md 7.1).
    """
    with transaction() as tx:
        return _take(tx, caller, "invoice", 1)[0]


@retried
def take_deposit_number(caller: Caller) -> int:
    """Return the next number of the deposit range (eis.md 7.2). Raises NumberRangeExhausted."""
    with transaction() as tx:
        return _take(tx, caller, "deposit", 1)[0]


@retried
def take_monthly_numbers(caller: Caller, count: int) -> list[int]:
    """Return `count` consecutive monthly numbers (eis.md 7.3), all or none.

    Raises Invalid for a count below 1 or above 10,000, NumberRangeExhausted when they do not fit.
    """
    if not 1 <= count <= MONTHLY_LIMIT:
        raise Invalid.field("count", f"must be between 1 and {MONTHLY_LIMIT}")
    with transaction() as tx:
        return _take(tx, caller, "monthly", count)


def use_next(tx: Session, kind: str, *, initiator_id: int, tenant_id: int) -> int:
    """Return the next number of a range, used in the caller's transaction: a rollback leaves no gap.

    Raises NumberRangeExhausted.
    """
    return use_block(tx, kind, 1, initiator_id=initiator_id, tenant_id=tenant_id)[0]


def use_block(tx: Session, kind: str, count: int, *, initiator_id: int, tenant_id: int) -> list[int]:
    """Return the next `count` numbers of a range, all of one block, used in the caller's transaction.

    Raises NumberRangeExhausted.
    """
    return _take_for(tx, kind, count, initiator_id, tenant_id, used=True)


def advance_past(tx: Session, caller: Caller, numbers: Sequence[int]) -> None:
    """Count numbers somebody names as given: whoever takes the next one gets one above them."""
    if numbers:
        tx.execute(ADVANCE_PAST, {"tenant_id": caller.tenant_id, "numbers": list(numbers)})


def mark_used(tx: Session, caller: Caller, numbers: Sequence[int]) -> None:
    """Note that numbers the caller holds are invoices now."""
    if numbers:
        tx.execute(MARK_USED, {"tenant_id": caller.tenant_id, "owns": list(caller.owns), "numbers": list(numbers)})


def _take(tx: Session, caller: Caller, kind: str, count: int) -> list[int]:
    return _take_for(tx, kind, count, caller.initiator_id, caller.tenant_id)


def _take_for(
    tx: Session, kind: str, count: int, initiator_id: int, tenant_id: int, *, used: bool = False
) -> list[int]:
    wanted = {"tenant_id": tenant_id, "kind": kind, "count": count, "initiator_id": initiator_id, "used": used}
    numbers = sorted(tx.execute(TAKE, wanted).scalars())
    while not numbers and switch_range(tx, tenant_id, kind, count):
        numbers = sorted(tx.execute(TAKE, wanted).scalars())
    if not numbers:
        raise NumberRangeExhausted(kind)
    return numbers


def switch_range(tx: Session, tenant_id: int, kind: str, count: int) -> bool:
    """Go over to the range that waits behind a full one; return whether there may be numbers now.

    Whoever comes second waits for the first and finds the new range in use. Numbers of it that invoices brought along
    meanwhile count as given.
    """
    wanted = {"tenant_id": tenant_id, "kind": kind, "count": count}
    full = tx.execute(IN_USE, wanted).one_or_none()
    if full is None:
        # Somebody went over while we waited. Whether there is room left in that one is for the next look: it may be
        # full by now, with another waiting behind it.
        return tx.execute(ANY_IN_USE, wanted).scalar() is not None
    if full.has_room:
        return True
    waiting = tx.execute(WAITING, wanted).scalar()
    if waiting is None:
        return False
    tx.execute(text("update number_range set active = false where id = :id"), {"id": full.id})
    tx.execute(PUT_IN_USE, {"id": waiting})
    followed = {"range": kind, "before": full.id, "after": waiting}
    timeline.record("number_range.followed", data=followed, tenant_id=tenant_id)
    return True
