"""A chain as a file that anybody can check without this application (reliability.md 3.12, features.md)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain.chain import canonical_bytes, parse_row
from app.domain.errors import Invalid
from app.models.base import DEFAULT_TENANT
from app.services import timeline
from app.services.sealing import CHAINS, links_with_rows
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.services.timeline import Actor

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


def note(chain: str, *, by: Actor) -> None:
    """Write down that somebody takes a chain away, before they do."""
    with transaction():
        timeline.record("audit.chain.exported", actor=by, data={"chain": chain}, tenant_id=DEFAULT_TENANT)


def _after(chain: str, position: int) -> list[str]:
    with transaction() as tx:
        question = text(f"{links_with_rows(chain)} limit {CHUNK}")
        links = tx.execute(question, {"chain": chain, "after": position}).all()
    return [
        json.dumps(
            {
                "chain": chain,
                "position": link.position,
                "row_id": link.row_id,
                "hash": link.hash.hex(),
                "row": canonical_bytes(parse_row(link.body)).decode() if link.body is not None else None,
            },
            ensure_ascii=False,
        )
        for link in links
    ]
