"""Sealing: once a minute the committed ledger and timeline rows are chained by hash (reliability.md 3.12)."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select, text

from app.domain.chain import GENESIS, link_hash, parse_row
from app.models.seal import Seal, SealHorizon
from app.services.copying import copy_rows
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

LOG = structlog.get_logger(__name__)
BATCH = 5_000
JOB_S = 20.0  # of the minute between two jobs, so that a million rows are sealed in minutes and others have their turn
LOCKS = {"ledger": 7_310, "event": 7_311}

# The rows `e` of a chain as they are hashed; times in microseconds since the epoch, so no zone can change the text.
# What belongs to a row is looked up for it alone: a join would be planned for millions of rows where five thousand are
# wanted.
BODIES = {
    "ledger": """
        (select jsonb_build_object('id', e.id, 'tenant', e.tenant_id, 'transaction', e.transaction_id,
                'kind', t.kind, 'fact', t.dedupe_key, 'account', a.code, 'amount', e.amount_minor,
                'currency', e.currency, 'invoice', t.invoice_id, 'payment', t.payment_id,
                'at', (extract(epoch from e.created_at) * 1000000)::bigint)::text
           from ledger_transaction t, ledger_account a where t.id = e.transaction_id and a.id = e.account_id)""",
    "event": """
        jsonb_build_object('id', e.id, 'tenant', e.tenant_id, 'kind', e.kind, 'invoice', e.invoice_id,
                'payment', e.payment_id, 'actor_kind', e.actor_kind, 'actor', e.actor, 'reason', e.reason,
                'data', e.data, 'at', (extract(epoch from e.created_at) * 1000000)::bigint)::text""",
}
TABLES = {"ledger": "ledger_entry", "event": "event"}
CHAINS = tuple(TABLES)
# A row younger than two seconds waits: a lower one may be on its way, and the chain follows the ids where it can.
UNSEALED = """
select e.id, {body} as body
  from (select * from {table} where id >= :low and created_at < now() - interval '2 seconds'
           and not exists (select from seal where chain = :chain and row_id = {table}.id)
         order by id limit :limit) e
 order by e.id
"""
LINKS = """
select s.position, s.row_id, s.previous_hash, s.hash, (select {body} from {table} e where e.id = s.row_id) as body
  from seal s where s.chain = :chain and s.position > :after order by s.position
"""
# Ids are given before they are committed, so a lower one may appear at any time later: as long as whoever was given it
# is at work. Whoever writes into a table holds this lock on it from before the id is given until it has committed.
WRITERS = text("""
select distinct l.virtualtransaction, l.pid, a.xact_start < now() - make_interval(secs => :long_s) as is_long
  from pg_locks l left join pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'relation' and l.relation = cast(:table as regclass) and l.granted
   and l.database = (select oid from pg_database where datname = current_database())
   and l.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
""")
# Longer than anything of ours takes in one transaction.
LONG_S = 900
LOWEST = """
select min(e.id) from {table} e
 where e.id > :low and e.id <= :high and not exists (select from seal s where s.chain = :chain and s.row_id = e.id)
"""


def seal(
    within_s: float = JOB_S,
    *,
    chains: Sequence[str] = CHAINS,
    wait: bool = False,
    say: Callable[[int], None] = lambda _rows: None,
) -> dict[str, int]:
    """Chain every committed row that is not chained yet; returns how many rows each chain grew by.

    Batch after batch until none is left or the time is up: the rest is for the next time, and others have their turn.
    While somebody else seals or a load is written (`hold_off`), nothing is done, unless `wait` stands in line.
    """
    ends_at = time.monotonic() + within_s
    for chain in chains:
        _raise_floor(chain, wait=wait)
    grown, last = dict.fromkeys(chains, 0), dict.fromkeys(chains, 0)
    growing = list(chains)
    while growing:
        for chain in list(growing):
            ids = _seal_batch(chain, last[chain], wait=wait)
            grown[chain] += len(ids)
            if len(ids) < BATCH:
                growing.remove(chain)
            else:
                last[chain] = ids[-1]
        say(sum(grown.values()))
        if time.monotonic() >= ends_at:
            break
    return grown


def seal_all(chain: str, say: Callable[[int], None] = lambda _rows: None) -> int:
    """Chain all rows of one chain, however long it takes; `say` hears how many so far. Returns how many there were."""
    grown = seal(math.inf, chains=[chain], wait=True, say=say)[chain]
    _raise_floor(chain, wait=True)  # or the next job, with its minute, would look through all of it
    return grown


def links_with_rows(chain: str) -> str:
    """Return the question for the links of `:chain` after a position, each with its row as it is now, or null."""
    return LINKS.format(body=BODIES[chain], table=TABLES[chain])


def hold_off(tx: Session) -> None:
    """Keep the sealer away until this transaction ends.

    A load commits ids far below those that others used meanwhile: each job would go over all of those again.
    """
    for key in LOCKS.values():
        tx.execute(text("select pg_advisory_xact_lock_shared(:key)"), {"key": key})


@retried
def _seal_batch(chain: str, after: int, *, wait: bool) -> list[int]:
    """Chain the next rows, those above `after` when it is known, and return their ids."""
    with transaction() as tx:
        if not _is_our_turn(tx, chain, wait=wait):
            return []
        rows = _unsealed(tx, chain, after)
        head = _head(tx, chain)
        copy_rows(tx, "seal", "chain, position, row_id, previous_hash, hash", _links(chain, head, rows))
        return [row.id for row in rows]


def _links(chain: str, head: tuple[int, bytes], rows: Sequence[Row[Any]]) -> Iterator[tuple[Any, ...]]:
    position, previous = head
    for row in rows:
        position += 1
        hash_ = link_hash(previous, parse_row(row.body))
        yield chain, position, row.id, previous, hash_
        previous = hash_


def _is_our_turn(tx: Session, chain: str, *, wait: bool) -> bool:
    if wait:
        tx.execute(text("set local lock_timeout = 0"))
        tx.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCKS[chain]})
        return True
    return bool(tx.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": LOCKS[chain]}))


def _head(tx: Session, chain: str) -> tuple[int, bytes]:
    """Return the position and the hash the next link hangs on."""
    newest = select(Seal.position, Seal.hash).where(Seal.chain == chain).order_by(Seal.position.desc()).limit(1)
    head = tx.execute(newest).one_or_none()
    return (head.position, head.hash) if head else (0, GENESIS)


def _unsealed(tx: Session, chain: str, after: int) -> Sequence[Row[Any]]:
    low = after or tx.get_one(SealHorizon, chain, populate_existing=True).floor_id
    question = text(UNSEALED.format(body=BODIES[chain], table=TABLES[chain]))
    return tx.execute(question, {"chain": chain, "low": low + 1, "limit": BATCH}).all()


@retried
def _raise_floor(chain: str, *, wait: bool) -> None:
    """Raise the floor to the mark when all who wrote at the time of the mark have ended, and set the next mark.

    Three questions, in this order: the highest row there is, who writes now, and what is not sealed. So whoever was
    given an id below the mark and has not committed it is among the writers.
    """
    with transaction() as tx:
        if not _is_our_turn(tx, chain, wait=wait):
            return
        horizon = tx.get_one(SealHorizon, chain, populate_existing=True)
        highest = tx.scalar(text(f"select coalesce(max(id), 0) from {TABLES[chain]}"))  # noqa: S608 - a name of ours
        now = tx.execute(WRITERS, {"table": TABLES[chain], "long_s": LONG_S}).all()
        waited_for = [each for each in now if each.virtualtransaction in horizon.writers]
        if waited_for:
            _tell_of_long(chain, waited_for)
            return
        span = {"chain": chain, "low": horizon.floor_id, "high": horizon.mark_id}
        lowest = tx.scalar(text(LOWEST.format(table=TABLES[chain])), span)
        horizon.floor_id = max(horizon.floor_id, horizon.mark_id if lowest is None else lowest - 1)
        horizon.mark_id = max(highest or 0, horizon.floor_id)
        horizon.writers = sorted({each.virtualtransaction for each in now})


def _tell_of_long(chain: str, writers: Sequence[Row[Any]]) -> None:
    """Name a transaction that somebody left open: until it ends, each job looks through more that is sealed."""
    pids = sorted({each.pid for each in writers if each.is_long})
    if pids:
        LOG.warning("seal.waits", alarm=True, kind=chain, why=str(pids))
