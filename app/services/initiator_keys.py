"""The keys services sign with: made, limited, ended, and what of the shared secret still counts (eis.md 4)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.permission import SCOPES
from app.integrations import sign_token
from app.models.initiator import Initiator, InitiatorKey
from app.services import timeline, vault
from app.services.initiators import forget_key_ring, is_live_key
from app.services.timeline import SYSTEM, Actor
from app.services.vault import SealedFor
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LIVE_KEYS = 2  # the one in use, and the one that takes its place
MOST_DAYS = 3650
LONGEST_NAME = 100


class TooManyKeys(Conflict):
    """This service has two live keys already: revoke one first."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, shown once: the secret to sign with and a ready token."""

    kid: str
    secret: str
    token: str


@dataclass(frozen=True, slots=True)
class Service:
    """An initiator and its keys, the live ones first and then the newest; secrets are not among what is known."""

    initiator: Initiator
    keys: tuple[InitiatorKey, ...]
    live: frozenset[str]


def list_services() -> list[Service]:
    """Return every initiator with all its keys, in order of their codes; `live` are the ids of keys that open."""
    rows = session().scalars(select(Initiator).order_by(Initiator.code)).all()
    keys = session().scalars(select(InitiatorKey).order_by(InitiatorKey.id.desc())).all()
    live = frozenset(session().scalars(select(InitiatorKey.kid).where(is_live_key())))
    of = {
        row.id: sorted((k for k in keys if k.initiator_id == row.id), key=lambda k: k.kid not in live) for row in rows
    }
    return [Service(row, tuple(of[row.id]), live & {key.kid for key in of[row.id]}) for row in rows]


def live_keys(code: str) -> Sequence[InitiatorKey]:
    """Return the keys of this initiator that open now, oldest first. Raises NotFound."""
    owner_id = session().scalar(select(Initiator.id).where(Initiator.code == code))
    if owner_id is None:
        raise NotFound("initiator", code)
    of_owner = select(InitiatorKey).where(InitiatorKey.initiator_id == owner_id, is_live_key())
    return session().scalars(of_owner.order_by(InitiatorKey.id)).all()


def issue_key(
    code: str,
    *,
    name: str = "",
    days: int | None = None,
    scopes: Sequence[str] | None = None,
    actor: Actor = SYSTEM,
    reason: str | None = None,
    idempotency_key: str | None = None,
) -> IssuedKey:
    """Make a key for the initiator and return it; the secret cannot be read again. Without scopes it may do all.

    Raises NotFound when there is no such initiator, Invalid naming `name`, `days` or `scopes`, TooManyKeys beside two
    live ones, and Conflict when a key was made for this wish already: its secret was shown then.
    """
    limits = _checked_scopes(scopes)
    _check_wish(name, days)
    secret = secrets.token_urlsafe(32)
    kid = secrets.token_hex(8)
    with transaction() as tx:
        owner = _lock(code)
        if idempotency_key is not None and tx.scalar(
            select(InitiatorKey.id).where(InitiatorKey.idempotency_key == idempotency_key)
        ):
            raise Conflict("This key was made already, and its secret was shown once: revoke it if that was lost")
        if len(live_keys(code)) >= MOST_LIVE_KEYS:
            raise TooManyKeys(code="too_many_keys")
        tx.execute(
            insert(InitiatorKey).values(
                tenant_id=owner.tenant_id,
                initiator_id=owner.id,
                kid=kid,
                name=name,
                scopes=limits,
                secret_sealed=vault.seal(SealedFor.INITIATOR_KEYS, secret),
                expires_at=datetime.now(UTC) + timedelta(days=days) if days else None,
                idempotency_key=idempotency_key,
            )
        )
        data = {"initiator": code, "kid": kid, "name": name, "scopes": limits, "days": days}
        timeline.record("initiator.key.issued", actor=actor, reason=reason, data=data, tenant_id=owner.tenant_id)
    forget_key_ring()
    return IssuedKey(kid, secret, sign_token({"initiator": code}, secret, kid=kid))


def _checked_scopes(scopes: Sequence[str] | None) -> list[str]:
    """Return what is kept: nothing means everything, which nobody gets by naming nothing."""
    if scopes is None:
        return []
    if not scopes:
        raise Invalid.field("scopes", "name at least one, or say that the key may do everything")
    unknown = sorted(set(scopes) - SCOPES)
    if unknown:
        raise Invalid.field("scopes", f"has nothing called {unknown[0][:40]!r}: {', '.join(sorted(SCOPES))}")
    return sorted(set(scopes))


def _check_wish(name: str, days: int | None) -> None:
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid.field("name", f"must be at most {LONGEST_NAME} characters, none of them a control character")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise Invalid.field("days", f"must be from 1 to {MOST_DAYS}")


def revoke_key(kid: str, *, actor: Actor = SYSTEM, reason: str | None = None) -> None:
    """End a key. Raises NotFound when no live key has this id."""
    with transaction() as tx:
        ended = tx.execute(
            update(InitiatorKey)
            .where(InitiatorKey.kid == kid, is_live_key())
            .values(revoked_at=datetime.now(UTC))
            .returning(InitiatorKey.initiator_id, InitiatorKey.tenant_id)
        ).one_or_none()
        if ended is None:
            raise NotFound("key", kid)
        data = {"initiator": _code_of(ended.initiator_id), "kid": kid}
        timeline.record("initiator.key.revoked", actor=actor, reason=reason, data=data, tenant_id=ended.tenant_id)
    forget_key_ring()


def set_scopes(kid: str, scopes: Sequence[str] | None, *, actor: Actor = SYSTEM, reason: str | None = None) -> None:
    """Limit a live key to these scopes; None lets it do everything. Raises NotFound, Invalid naming `scopes`."""
    limits = _checked_scopes(scopes)
    with transaction() as tx:
        key = tx.scalars(
            select(InitiatorKey).where(InitiatorKey.kid == kid, is_live_key()).with_for_update()
        ).one_or_none()
        if key is None:
            raise NotFound("key", kid)
        before, key.scopes = key.scopes, limits
        tx.flush()
        data = {"initiator": _code_of(key.initiator_id), "kid": kid, "before": before, "after": limits}
        timeline.record("initiator.key.scopes_changed", actor=actor, reason=reason, data=data, tenant_id=key.tenant_id)
    forget_key_ring()


def accept_shared_secret(code: str, *, accepted: bool, actor: Actor = SYSTEM, reason: str | None = None) -> None:
    """Say whether a service may still sign with the secret that all share (decisions.md 20). Raises NotFound."""
    with transaction():
        owner = _lock(code)
        if owner.accepts_shared_secret == accepted:
            return
        owner.accepts_shared_secret = accepted
        session().flush()
        data = {"initiator": code, "accepted": accepted}
        timeline.record(
            "initiator.shared_secret.changed", actor=actor, reason=reason, data=data, tenant_id=owner.tenant_id
        )
    forget_key_ring()


def _lock(code: str) -> Initiator:
    statement = select(Initiator).where(Initiator.code == code).with_for_update()
    owner = session().scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if owner is None:
        raise NotFound("initiator", code)
    return owner


def _code_of(initiator_id: int) -> str | None:
    return session().scalar(select(Initiator.code).where(Initiator.id == initiator_id))
