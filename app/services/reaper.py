"""Leases that ran out: their worker was killed, cut off, or stopped for too long (reliability.md 3.7)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.queue import Crash, attempt
from app.services import delivery_outcomes, outbox
from app.services.handlers import LEASE_S
from app.uow import transaction

if TYPE_CHECKING:
    from app.services.handlers import Handlers
    from app.services.outbox import Claimed

PER_PASS = 200
CRASHES = 25  # so many tries may a row have taken, its workers with it, before it is given up
WHY = "the worker did not come back"


def reap(handlers: Handlers, limit: int = PER_PASS) -> int:
    """Free rows whose lease has run out; returns how many there are. Leaves them when the database goes away.

    A row that must not be repeated is not: whoever held it may have sent it (decisions.md 26).
    """
    with transaction():
        rows = outbox.take_over_expired(limit=limit, lease_s=LEASE_S)
    for row in rows:
        freed = attempt(partial(_free, row, handlers), kind=row.kind, row=row.id)
        if isinstance(freed, Crash) and freed.is_away:
            break  # each of the others would wait for it as long once more
    return len(rows)


def _free(row: Claimed, handlers: Handlers) -> None:
    handler = handlers.get(row.kind)
    if not row.repeatable:
        delivery_outcomes.unknown(row, handler, WHY)
    elif row.attempts >= CRASHES:
        delivery_outcomes.given_up(row, handler, error_class="lease", error=WHY)
    else:
        with transaction():
            outbox.put_back(row, delay_s=0, error_class="lease", error=WHY)
