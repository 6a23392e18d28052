"""Walking a hash chain link by link: all of it at once, or a stretch at a time (reliability.md 3.12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain.chain import GENESIS, link_hash, parse_row
from app.services.sealing import links_with_rows

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

CHUNK = 5_000
KEPT = 100


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a walk has come, the hash the next link must hang on, and what was wrong so far."""

    chain: str
    position: int = 0
    previous: bytes = GENESIS
    broken: tuple[str, ...] = ()
    ended: bool = False


def go_on(tx: Session, walk: Walk, most: int | None = None) -> Walk:
    """Recompute the next hashes from the rows as they are now, at most `most` links, and return how far it came.

    A changed, missing or inserted row breaks the chain.
    """
    previous, position = walk.previous, walk.position
    broken = list(walk.broken)
    seen = 0
    question = text(f"{links_with_rows(walk.chain)} limit :most")
    values = {"chain": walk.chain, "after": walk.position, "most": most}
    with tx.execute(question, values, execution_options={"yield_per": CHUNK}) as links:
        for link in links:
            seen += 1
            position += 1
            expected = link_hash(previous, parse_row(link.body)) if link.body is not None else b""
            is_wrong = link.position != position or link.previous_hash != previous or link.hash != expected
            if is_wrong and len(broken) < KEPT:
                broken.append(f"{walk.chain} row {link.row_id}")
            previous, position = link.hash, link.position
    return Walk(walk.chain, position, previous, tuple(broken), ended=most is None or seen < most)
