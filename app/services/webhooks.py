"""Endpoints as services ask for them: named, changed, given a new secret (reliability.md 1.3, security.md T43)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text, update

from app.domain.announcement import check_wishes
from app.domain.errors import Conflict, Invalid
from app.domain.origin import is_allowed
from app.domain.webhook import SECRET_BYTES, write_secret
from app.models.initiator import Initiator
from app.models.lane import Lane
from app.models.webhook import WebhookEndpoint
from app.queries.lookup import one
from app.services import timeline, vault
from app.services.timeline import Actor
from app.services.vault import SealedFor
from app.uow import retried, ring_after_commit, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.services.initiators import Caller

MOST_ENDPOINTS = 10
FREE_LANE = text("update lane set paused_until = null, offered_until = null, failures = 0 where id = :id")


@dataclass(frozen=True, slots=True)
class By:
    """Who does it in place of the service itself, and why."""

    actor: Actor
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a service wants to hear and where; None leaves what there is."""

    url: str | None = None
    types: list[str] | None = None
    description: str | None = None
    enabled: bool | None = None


@retried
def register(caller: Caller, initiator_code: str, wish: Wish, allowed: Sequence[str], *, plain_http: bool) -> str:
    """Return the name of a new endpoint with a lane and a secret of its own; the same wish again gets the same one.

    Raises Invalid for an address on no allowed origin, an unknown type or initiator, Conflict for one too many.
    """
    if initiator_code not in caller.codes:
        raise Invalid.field("initiator", f"must be one of: {', '.join(caller.codes)}")
    url = _checked(wish.url or "", allowed, plain_http=plain_http)
    types = check_wishes(wish.types or [])
    initiator_id = caller.owns[caller.codes.index(initiator_code)]
    with transaction() as tx:
        standing = _standing(tx, initiator_id)
        same = next((each for each in standing if each.url == url), None)
        if same is not None and sorted(same.types) == types:
            return same.token
        _check_room(standing, url)
        token = f"we_{secrets.token_hex(12)}"
        lane = Lane(name=f"webhook:{token}", queue="notify")
        tx.add(lane)
        tx.flush()
        tx.add(
            WebhookEndpoint(
                tenant_id=caller.tenant_id,
                token=token,
                initiator_id=initiator_id,
                lane_id=lane.id,
                url=url,
                types=types,
                description=wish.description or "",
                secret_sealed=_seal(_new_secret()),
            )
        )
        _record("webhook.endpoint.made", caller, token, None, initiator=initiator_code, url=url)
        return token


@retried
def change(
    caller: Caller, token: str, wish: Wish, allowed: Sequence[str], *, plain_http: bool, by: By | None = None
) -> None:
    """Change what is wished; an endpoint switched on again starts without a past. Raises NotFound, Invalid, Conflict.

    What happened while it was off is not sent by itself: `resend` does that.
    """
    url = None if wish.url is None else _checked(wish.url, allowed, plain_http=plain_http)
    types = None if wish.types is None else check_wishes(wish.types)
    with transaction() as tx:
        endpoint = _locked(tx, caller, token)
        enabled = endpoint.enabled if wish.enabled is None else wish.enabled
        if enabled:
            others = [each for each in _standing(tx, endpoint.initiator_id) if each.id != endpoint.id]
            _check_room(others, url or endpoint.url)
        if enabled != endpoint.enabled:
            _switch(tx, endpoint, enabled=enabled)
        endpoint.url = url or endpoint.url
        endpoint.types = endpoint.types if types is None else types
        endpoint.description = endpoint.description if wish.description is None else wish.description
        endpoint.version += 1
        tx.flush()
        _record("webhook.endpoint.changed", caller, token, by, url=endpoint.url, enabled=enabled)


@retried
def rotate(caller: Caller, token: str, overlap: timedelta, *, by: By | None = None) -> None:
    """Give the endpoint a new secret; the one before signs beside it until the overlap is over. Raises NotFound."""
    with transaction() as tx:
        endpoint = _locked(tx, caller, token)
        endpoint.previous_sealed = endpoint.secret_sealed
        endpoint.previous_until = datetime.now(UTC) + overlap
        endpoint.secret_sealed = _seal(_new_secret())
        endpoint.version += 1
        tx.flush()
        _record("webhook.endpoint.rotated", caller, token, by)


def live_secrets(endpoint: WebhookEndpoint) -> list[str]:
    """Return the secrets that sign now: the current one, and the one before while it still does. Raises Unreadable."""
    live = [vault.unseal(SealedFor.WEBHOOKS, endpoint.secret_sealed)]
    previous = endpoint.previous_sealed
    if previous and endpoint.previous_until and endpoint.previous_until > datetime.now(UTC):
        before = vault.unsealed(SealedFor.WEBHOOKS, previous)
        live += [before] if before else []
    return live


def heard(endpoint_id: int) -> None:
    """Note that the endpoint answered well; at most once a minute while all is well. In the caller's transaction."""
    with transaction() as tx:
        tx.execute(
            update(WebhookEndpoint)
            .where(
                WebhookEndpoint.id == endpoint_id,
                (WebhookEndpoint.failing_since.is_not(None))
                | (WebhookEndpoint.last_success_at.is_(None))
                | (WebhookEndpoint.last_success_at < func.now() - timedelta(minutes=1)),
            )
            .values(last_success_at=func.now(), failing_since=None)
        )


def failed(endpoint_id: int) -> None:
    """Note since when the endpoint has not answered well."""
    with transaction() as tx:
        tx.execute(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.failing_since.is_(None))
            .values(failing_since=func.now())
        )


def switch_off(endpoint_id: int, why: str) -> WebhookEndpoint | None:
    """Stop sending to an endpoint, `gone` or `failing`, and return it; None when it was off already."""
    with transaction() as tx:
        return tx.scalar(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.enabled)
            .values(enabled=False, disabled_by=why, version=WebhookEndpoint.version + 1)
            .returning(WebhookEndpoint)
        )


def _switch(tx: Session, endpoint: WebhookEndpoint, *, enabled: bool) -> None:
    endpoint.enabled = enabled
    endpoint.disabled_by = None if enabled else "service"
    endpoint.failing_since = None
    tx.execute(FREE_LANE, {"id": endpoint.lane_id})
    ring_after_commit()


def _checked(url: str, allowed: Sequence[str], *, plain_http: bool) -> str:
    if not is_allowed(url, allowed, plain_http=plain_http) or "#" in url:
        raise Invalid.field("url", "must be an https address on an origin that is registered for this service")
    return url


def _standing(tx: Session, initiator_id: int) -> Sequence[WebhookEndpoint]:
    """Return the endpoints that are on, with their service locked: its wishes are granted one after another."""
    tx.execute(select(Initiator.id).where(Initiator.id == initiator_id).with_for_update(key_share=True))
    return tx.scalars(
        select(WebhookEndpoint).where(WebhookEndpoint.initiator_id == initiator_id, WebhookEndpoint.enabled)
    ).all()


def _check_room(standing: Sequence[WebhookEndpoint], url: str) -> None:
    if any(each.url == url for each in standing):
        raise Conflict("There is an endpoint at this address already: change that one", code="endpoint_exists")
    if len(standing) >= MOST_ENDPOINTS:
        raise Conflict(f"There are {MOST_ENDPOINTS} endpoints already: switch one off", code="too_many_endpoints")


def _locked(tx: Session, caller: Caller, token: str) -> WebhookEndpoint:
    found = select(WebhookEndpoint).where(WebhookEndpoint.token == token, WebhookEndpoint.initiator_id.in_(caller.owns))
    initiator_id = one(found, "endpoint", token).initiator_id
    tx.execute(select(Initiator.id).where(Initiator.id == initiator_id).with_for_update(key_share=True))
    return one(found.with_for_update(), "endpoint", token)


def _record(kind: str, caller: Caller, token: str, by: By | None, **data: object) -> None:
    who = by or By(Actor("initiator", caller.code))
    timeline.record(
        kind, actor=who.actor, reason=who.reason, data={"endpoint": token, **data}, tenant_id=caller.tenant_id
    )


def _new_secret() -> str:
    return write_secret(secrets.token_bytes(SECRET_BYTES))


def _seal(secret: str) -> bytes:
    return vault.seal(SealedFor.WEBHOOKS, secret)
