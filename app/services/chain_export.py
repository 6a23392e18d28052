"""A chain as a file that anybody can check without this application (reliability.md 3.12, features.md)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.chain import canonical_bytes
from app.domain.errors import Invalid
from app.models.seal import Seal
from app.services.sealing import CHAINS, rows_of
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 5_000


def lines(chain: str) -> Iterator[str]:
    """Yield a chain from its beginning, one JSON object a line: position, row id, hash, and the text that was hashed.

    The row is a string as it was hashed, so that whoever checks needs SHA-256 and nothing of ours. A row that is gone
    has no text: the checker says where. Raises Invalid for a chain that is none.
    """
    if chain not in CHAINS:
        raise Invalid.field("chain", f"must be one of: {', '.join(CHAINS)}")
    position = 0
    while links := _after(chain, position):
        yield from links
        position += len(links)


def _after(chain: str, position: int) -> list[str]:
    with transaction() as tx:
        links = tx.execute(
            select(Seal.position, Seal.row_id, Seal.hash)
            .where(Seal.chain == chain, Seal.position > position)
            .order_by(Seal.position)
            .limit(CHUNK)
        ).all()
        bodies = rows_of(tx, chain, [link.row_id for link in links])
    return [
        json.dumps(
            {
                "chain": chain,
                "position": link.position,
                "row_id": link.row_id,
                "hash": link.hash.hex(),
                "row": canonical_bytes(bodies[link.row_id]).decode() if link.row_id in bodies else None,
            },
            ensure_ascii=False,
        )
        for link in links
    ]
