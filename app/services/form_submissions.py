"""A verb of the portal, once for each form: a double click gets the first answer (reliability.md 3.6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from app.domain.idempotency import check_key, fingerprint
from app.services import idempotency
from app.services.idempotency import Call, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

DONE = 200


def once_per_form(
    operator_id: int, route: str, key: str, said: dict[str, Any], verb: Callable[[], dict[str, Any]]
) -> Reply:
    """Return what the verb answered, now or when this form was sent before; kept in the transaction of its effects.

    `said` is what the form asked for. Raises Invalid for a key that is none or was another form's.
    """
    body = json.dumps(said, sort_keys=True, default=str).encode()
    call = Call(1, f"operator:{operator_id}", route, check_key(key), fingerprint(body))
    return idempotency.run(call, lambda: Reply(DONE, verb()))
