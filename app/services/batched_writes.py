"""What a verb writes beside its state, gathered and written in one statement: parts, books, timeline, debts.

A statement of its own for each row costs more than PostgreSQL takes for the rows (docs/benchmarks.md). A block gathers;
at its end, still inside the verb and its transaction, everything is there.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.domain import exact_json
from app.domain.errors import BillingError
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Iterator

ALLOCATION, SETTLEMENT, BOOKING, ENTRY, EVENT, OUTBOX = KINDS = (
    "allocation",
    "settlement",
    "booking",
    "entry",
    "event",
    "outbox",
)
KEY = "gathered"

# What is read in the order of its ids is written in the order in which it was kept; a join alone promises none.
# Events wait for the books: a page tells both by their time.
WRITE = text("""
with allocations as (
  insert into allocation (tenant_id, payment_id, invoice_id, amount_minor)
  select * from json_to_recordset(cast(:allocation as json))
             as row (tenant_id bigint, payment_id bigint, invoice_id bigint, amount_minor bigint)
), settlements as (
  insert into settlement (tenant_id, invoice_id, payment_id, amount_minor, source)
  select * from json_to_recordset(cast(:settlement as json))
             as row (tenant_id bigint, invoice_id bigint, payment_id bigint, amount_minor bigint, source text)
), booked as (
  insert into ledger_transaction (tenant_id, kind, dedupe_key, invoice_id, payment_id)
  select * from json_to_recordset(cast(:booking as json))
             as row (tenant_id bigint, kind text, dedupe_key text, invoice_id bigint, payment_id bigint)
  returning id, tenant_id, dedupe_key
), entries as (
  insert into ledger_entry (tenant_id, transaction_id, account_id, amount_minor, currency)
  select side.tenant_id, booked.id, side.account_id, side.amount_minor, side.currency
    from rows from (json_to_recordset(cast(:entry as json))
                    as (tenant_id bigint, dedupe_key text, account_id bigint, amount_minor bigint, currency text))
         with ordinality as side (tenant_id, dedupe_key, account_id, amount_minor, currency, nth)
    join booked using (tenant_id, dedupe_key)
   order by side.nth
), told as (
  insert into event (tenant_id, kind, invoice_id, payment_id, actor_kind, actor, reason, data)
  select tenant_id, kind, invoice_id, payment_id, actor_kind, actor, reason, data
    from rows from (json_to_recordset(cast(:event as json))
                    as (tenant_id bigint, kind text, invoice_id bigint, payment_id bigint, actor_kind text, actor text,
                        reason text, data jsonb))
         with ordinality as line (tenant_id, kind, invoice_id, payment_id, actor_kind, actor, reason, data, nth)
   where (select count(*) from booked) >= 0
   order by nth
), wanted as (
  select *
    from rows from (json_to_recordset(cast(:outbox as json))
                    as (tenant_id bigint, kind text, dedupe_key text, lane text, invoice_id bigint, payment_id bigint,
                        payload jsonb, run_at timestamptz, repeatable boolean))
         with ordinality as row (tenant_id, kind, dedupe_key, lane, invoice_id, payment_id, payload, run_at, repeatable,
                                 nth)
), owed as (
  insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payment_id, payload, run_at, repeatable)
  select tenant_id, kind, dedupe_key, lane.id, invoice_id, payment_id, payload, coalesce(run_at, now()), repeatable
    from wanted join lane on lane.name = wanted.lane
   order by wanted.nth
  on conflict (kind, dedupe_key) do nothing
)
select lane from wanted where lane not in (select name from lane)
""")


class NoLane(BillingError):
    """There is no lane with this name; the first migration makes those there are."""


@contextmanager
def batched_writes() -> Iterator[None]:
    """Gather what is kept inside the block and write it at its end; a block inside another is part of that one.

    Raises what the database says of the rows, NoLane. Nothing of it can be read before the block ends.
    """
    info = session().info
    if KEY in info:
        yield
        return
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    info[KEY] = rows
    try:
        yield
    finally:
        del info[KEY]
    if rows:
        _write(rows)


def keep(kind: str, *rows: dict[str, Any]) -> bool:
    """Keep rows for the end of the block and return True; outside any block return False: write them yourself."""
    kept: dict[str, list[dict[str, Any]]] | None = session().info.get(KEY)
    if kept is None:
        return False
    kept[kind] += rows
    return True


def write(kind: str, row: dict[str, Any]) -> None:
    """Keep a row of a kind that is written in blocks only. Raises RuntimeError outside any block."""
    if not keep(kind, row):
        raise RuntimeError(f"{kind} is written with all that belongs to it: open a block")


def _write(rows: dict[str, list[dict[str, Any]]]) -> None:
    unknown = session().execute(WRITE, {kind: exact_json.dumps(rows[kind]) for kind in KINDS}).scalars().all()
    if unknown:
        raise NoLane(unknown[0])
