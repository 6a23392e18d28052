"""A message to try an endpoint with: signed like any other, about nothing, and answered for at once."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain import exact_json, webhook
from app.domain.announcement import PING, SCHEMA
from app.domain.errors import ProviderFailure
from app.models.initiator import Initiator
from app.queries.webhooks import by_token
from app.services import webhooks
from app.uow import transaction

if TYPE_CHECKING:
    from app.domain.ports import WebhookSender
    from app.services.initiators import Caller


@dataclass(frozen=True, slots=True)
class Pinged:
    """What the endpoint said: `fault` tells why it did not take the message."""

    message_id: str
    answer_status: int | None
    answer_ms: int | None
    fault: str | None

    @property
    def delivered(self) -> bool:
        """Return whether the endpoint took it."""
        return self.fault is None


def ping(caller: Caller, token: str, sender: WebhookSender) -> Pinged:
    """Send a test message to an endpoint, on or off, and return what it said; nothing is kept. Raises NotFound."""
    with transaction() as tx:
        endpoint = by_token(caller.owns, token)
        code = tx.scalar(select(Initiator.code).where(Initiator.id == endpoint.initiator_id))
        url, signing = endpoint.url, webhooks.live_secrets(endpoint)
    message_id = f"evt_ping_{secrets.token_hex(12)}"
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    about = {"id": message_id, "type": PING, "schema": SCHEMA, "timestamp": now, "initiator": code, "data": {}}
    body = exact_json.dumps(about).encode()
    headers = webhook.headers(message_id, int(time.time()), body, signing)
    try:
        answer = sender.send(token, url, body, headers)
    except ProviderFailure as failure:
        return Pinged(message_id, failure.status, None, failure.detail)
    return Pinged(message_id, answer.status, answer.elapsed_ms, None)
