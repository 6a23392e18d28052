"""Sealing: once a minute the committed ledger and timeline rows are chained by hash (reliability.md 3.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, text

from app.domain.chain import GENESIS, link_hash
from app.models.seal import Seal
from app.uow import retried, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

BATCH = 5_000
LOCK = 7_310

# The rows of a chain as they are hashed; times in microseconds since the epoch, so that no zone can change the text.
# A row younger than two seconds waits, and so does every row after an older transaction that is still open: a chain
# is laid in commit order and never has to be opened again.
CHAINS = {
    "ledger": """
        select e.id, jsonb_build_object('id', e.id, 'tenant', e.tenant_id, 'transaction', e.transaction_id,
               'kind', t.kind, 'fact', t.dedupe_key, 'account', a.code, 'amount', e.amount_minor,
               'currency', e.currency,
               'invoice', t.invoice_id, 'payment', t.payment_id,
               'at', (extract(epoch from e.created_at) * 1000000)::bigint) as body
          from ledger_entry e
          join ledger_transaction t on t.id = e.transaction_id
          join ledger_account a on a.id = e.account_id
         where {where} order by e.id limit :limit""",
    "event": """
        select e.id, jsonb_build_object('id', e.id, 'tenant', e.tenant_id, 'kind', e.kind, 'invoice', e.invoice_id,
               'payment', e.payment_id, 'actor_kind', e.actor_kind, 'actor', e.actor, 'reason', e.reason,
               'data', e.data,
               'at', (extract(epoch from e.created_at) * 1000000)::bigint) as body
          from event e
         where {where} order by e.id limit :limit""",
}
UNSEALED = (
    "e.id not in (select row_id from seal where chain = :chain and row_id >= :low) and e.id >= :low "
    "and e.created_at < now() - interval '2 seconds'"
)
# Ids are given before they are committed, so a lower one may appear later: how far back to look for such rows.
LOOK_BACK = 20_000


@retried
def seal() -> dict[str, int]:
    """Chain every committed row that is not chained yet; returns how many rows each chain grew by."""
    with transaction() as tx:
        tx.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        return {chain: _seal_chain(tx, chain) for chain in CHAINS}


def rows_of(tx: Session, chain: str, ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return the canonical bodies of these rows by id."""
    found = tx.execute(text(CHAINS[chain].format(where="e.id = any(:ids)")), {"ids": ids, "limit": len(ids)})
    return {row.id: row.body for row in found}


def _seal_chain(tx: Session, chain: str) -> int:
    head = tx.execute(
        select(Seal.position, Seal.hash).where(Seal.chain == chain).order_by(Seal.position.desc()).limit(1)
    ).one_or_none()
    position, previous = (head.position, head.hash) if head else (0, GENESIS)
    highest = tx.scalar(text("select coalesce(max(row_id), 0) from seal where chain = :chain"), {"chain": chain})
    rows = tx.execute(
        text(CHAINS[chain].format(where=UNSEALED)),
        {"chain": chain, "low": max(0, (highest or 0) - LOOK_BACK), "limit": BATCH},
    ).all()
    links = []
    for row in rows:
        position += 1
        hash_ = link_hash(previous, row.body)
        links.append({"chain": chain, "position": position, "row_id": row.id, "previous_hash": previous, "hash": hash_})
        previous = hash_
    if links:
        tx.execute(insert(Seal), links)
    return len(links)
