"""Anchors: where each chain stood on a day, told outside of the database too (reliability.md 3.12, features.md).

Who may rewrite the database may rewrite its chains and the anchors with them, but not what a log or a letter says.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from flask import current_app
from sqlalchemy import text

from app.domain import mail
from app.domain.mail import Head
from app.services import letters
from app.services.sealing import CHAINS
from app.uow import retried, transaction

if TYPE_CHECKING:
    from app.config import Settings

LOG = structlog.get_logger(__name__)
# A chain that has not grown since stands where it was told.
DROP = text("""
insert into anchor (chain, position, hash)
select s.chain, s.position, s.hash
  from unnest(cast(:chains as text[])) as wanted (chain)
 cross join lateral (select * from seal where seal.chain = wanted.chain order by position desc limit 1) s
    on conflict (chain, position) do nothing
returning chain, position, hash
""")


def drop() -> list[Head]:
    """Note the last link of each chain that has grown, owe the letter about it, and say it in the log."""
    heads = _noted()
    for each in heads:
        # As PostgreSQL writes bytes: digits that stand alone might be taken for a person's and be covered.
        LOG.info("chain.anchored", kind=each.chain, position=each.position, head=f"\\x{each.hash}")
    return heads


@retried
def _noted() -> list[Head]:
    with transaction() as tx:
        rows = tx.execute(DROP, {"chains": list(CHAINS)}).all()
        heads = sorted(Head(row.chain, row.position, row.hash.hex()) for row in rows)
        if heads:
            _owe_letter(heads)
        return heads


def _owe_letter(heads: list[Head]) -> None:
    settings: Settings = current_app.extensions["settings"]
    if not settings.mail.heads_to:
        return
    today = datetime.now(UTC).date()
    subject, said = mail.anchored(heads, today)
    letters.owe(f"anchored.{today}", settings.mail.heads_to, subject, said)
