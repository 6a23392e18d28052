"""Telling endpoints what happened: signed at every try, frozen, sent again when asked (reliability.md 1.3, 3.9)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from sqlalchemy import func, select, text

from app.domain import exact_json, webhook
from app.domain.errors import Conflict, ProviderFailure
from app.domain.retry import RetryClass, classify
from app.models.announcement import Announcement
from app.models.outbox import OutboxRow
from app.models.webhook import SEND, WebhookEndpoint
from app.queries import announcements
from app.queries.announcements import EventFilter, Position
from app.queries.webhooks import by_token
from app.services import letters, reviews, webhooks
from app.services.outbox import Misdirected
from app.uow import retried, ring_after_commit, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.ports import Answer
    from app.integrations import Integrations
    from app.services.initiators import Caller
    from app.services.outbox import Claimed

# So many messages given up since the last good answer, and nothing more is sent until somebody switches it on again.
MOST_DEAD = 10
RESENT_AT_ONCE = 1000

LOG = structlog.get_logger(__name__)

# What waits already is not owed a second time, so asking twice is asking once.
AGAIN = text("""
insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payment_id, payload)
select a.tenant_id, :kind, e.id || '\\:' || a.id || '\\:' || :batch, e.lane_id, a.invoice_id, a.payment_id,
       jsonb_build_object('endpoint', e.token, 'event', a.token)
  from announcement a, webhook_endpoint e
 where e.id = :endpoint_id and a.id = any(:ids)
   and not exists (select 1 from outbox o
                    where o.lane_id = e.lane_id and o.kind = :kind and o.state in ('pending', 'leased')
                      and o.payload ->> 'event' = a.token)
 order by a.xact, a.id
returning id
""")


@dataclass(frozen=True, slots=True)
class Resent:
    """How many messages are owed now, and where a range goes on when it was too long for once."""

    queued: int
    after: Position | None
    has_more: bool


def send(row: Claimed, integrations: Integrations) -> Answer | None:
    """POST one event as it was frozen; to an endpoint that is off, nothing. Raises ProviderFailure, Misdirected."""
    with transaction() as tx:
        endpoint = tx.scalars(select(WebhookEndpoint).where(WebhookEndpoint.token == row.payload["endpoint"])).one()
        event = tx.scalars(select(Announcement).where(Announcement.token == row.payload["event"])).one()
        if event.initiator_id != endpoint.initiator_id:
            raise Misdirected(f"event {event.token} for endpoint {endpoint.token} of another service")
        endpoint_id, token, url = endpoint.id, endpoint.token, endpoint.url
        secrets = webhooks.live_secrets(endpoint) if endpoint.enabled else []
        body = exact_json.dumps({"id": event.token, **event.payload}).encode()
    if not secrets:
        return None
    headers = webhook.headers(row.payload["event"], int(time.time()), body, secrets)
    try:
        return integrations.webhooks.send(token, url, body, headers)
    except ProviderFailure as failure:
        _note(endpoint_id, failure)
        raise


def delivered(row: Claimed, _answer: Answer) -> None:
    """Note the endpoint's health."""
    with transaction() as tx:
        webhooks.heard(tx.scalars(_endpoint_of(row)).one())


def given_up(row: Claimed) -> None:
    """Write to the service, and switch the endpoint off when nothing but failures came of many messages."""
    letters.owe_about(row)
    with transaction() as tx:
        endpoint = tx.scalars(select(WebhookEndpoint).where(WebhookEndpoint.token == row.payload["endpoint"])).one()
        dead = tx.scalar(
            select(func.count()).where(
                OutboxRow.lane_id == endpoint.lane_id,
                OutboxRow.kind == SEND,
                OutboxRow.state == "dead",
                OutboxRow.done_at >= endpoint.failing_since,
            )
        )
        if (dead or 0) >= MOST_DEAD:
            _switch_off(endpoint.id, "failing", f"{dead} messages were given up since {endpoint.failing_since}")


@retried
def resend(caller: Caller, token: str, events: Sequence[str]) -> Resent:
    """Owe an endpoint these events once more, those it has and those it never had.

    Raises NotFound for an event or an endpoint that is not the caller's, Conflict while the endpoint is off.
    """
    with transaction():
        endpoint = _hearing(caller, token)
        found = [announcements.by_token([endpoint.initiator_id], each) for each in dict.fromkeys(events)]
        return Resent(_owe(endpoint, found), None, has_more=False)


@retried
def resend_range(caller: Caller, token: str, wanted: EventFilter, after: Position | None) -> Resent:
    """Owe an endpoint every event of a range it wants to hear, up to a thousand at once.

    Raises NotFound, Conflict while the endpoint is off.
    """
    with transaction():
        endpoint = _hearing(caller, token)
        chosen = EventFilter(wanted.types or tuple(endpoint.types), wanted.since, wanted.until)
        page = announcements.page([endpoint.initiator_id], chosen, after, RESENT_AT_ONCE, settled=False)
        return Resent(_owe(endpoint, page.rows), page.after, page.has_more)


def _hearing(caller: Caller, token: str) -> WebhookEndpoint:
    endpoint = by_token(caller.owns, token)
    if not endpoint.enabled:
        raise Conflict("The endpoint is switched off: switch it on first", code="endpoint_off")
    return endpoint


def _owe(endpoint: WebhookEndpoint, events: Sequence[Announcement]) -> int:
    values: dict[str, Any] = {
        "kind": SEND,
        "batch": uuid4().hex,
        "endpoint_id": endpoint.id,
        "ids": [each.id for each in events],
    }
    with transaction() as tx:
        owed = len(tx.execute(AGAIN, values).all())
        ring_after_commit()
    return owed


def _endpoint_of(row: Claimed) -> Any:
    return select(WebhookEndpoint.id).where(WebhookEndpoint.token == row.payload["endpoint"])


def _note(endpoint_id: int, failure: ProviderFailure) -> None:
    with transaction():
        webhooks.failed(endpoint_id)
        if classify(failure.status, failure.outcome) is RetryClass.GONE:
            _switch_off(endpoint_id, "gone", "it answered 410, which means that it is gone for good")


def _switch_off(endpoint_id: int, why: str, because: str) -> None:
    endpoint = webhooks.switch_off(endpoint_id, why)
    if endpoint is None:
        return
    LOG.error("webhook.endpoint.off", alarm=True, endpoint=endpoint.token, why=why)
    reviews.ask(
        "webhook.endpoint.off",
        f"endpoint:{endpoint_id}:{uuid4().hex}",
        f"Webhook endpoint {endpoint.token} was switched off: {because}. Its service can switch it on and have all "
        "sent again",
        evidence={"endpoint": endpoint.token},
        tenant_id=endpoint.tenant_id,
    )
