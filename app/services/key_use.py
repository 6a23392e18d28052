"""When a key was last used: written at most once a minute, so that a busy caller costs nothing."""

from __future__ import annotations

import time

from flask import current_app

from app.prepared import Prepared
from app.uow import run_statement

STEP_S = 60.0
NOTED = "keys_used"

# Whoever finds the row locked leaves it: somebody else is writing the same minute, or changing the key.
_KEY = Prepared(
    """
    update initiator_key set last_used_at = now() where id in (
        select id from initiator_key
        where kid = :known and (last_used_at is null or last_used_at < now() - interval '1 minute')
        for update skip locked)
    returning id
    """
)
_SHARED = Prepared(
    """
    update initiator set shared_secret_used_at = now() where id in (
        select id from initiator
        where id = :known and (shared_secret_used_at is null or shared_secret_used_at < now() - interval '1 minute')
        for update skip locked)
    returning id
    """
)


def note(initiator_id: int, kid: str | None) -> None:
    """Keep that this key, or without one the shared secret, was used by the initiator just now."""
    noted: dict[tuple[int, str | None], float] = current_app.extensions.setdefault(NOTED, {})
    now = time.monotonic()
    if now - noted.get((initiator_id, kid), -STEP_S) < STEP_S:
        return
    noted[initiator_id, kid] = now
    run_statement(_KEY if kid is not None else _SHARED, {"known": kid or initiator_id})
