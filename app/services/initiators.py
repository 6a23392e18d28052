"""Callers: who signed this request, the keys they sign with, and what each key may do."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.domain.permission import SCOPES, MissingScope
from app.integrations import BadToken, KeySecret, VerifiedToken, check_token_now, sign_token, verify_token
from app.models.initiator import Initiator, InitiatorKey
from app.services import key_use, timeline, vault
from app.services.timeline import SYSTEM, Actor
from app.services.vault import SealedFor
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from app.config import Settings
    from app.domain.permission import Permission

SHARED_KID = "shared"
RING_TTL_S = 1.0
MOST_VERIFIED = 1000
MOST_LIVE_KEYS = 2  # the one in use, and the one that takes its place
MOST_DAYS = 3650
LONGEST_NAME = 100


class AccessDenied(Forbidden):
    """Access denied"""  # noqa: D415 - the wire's own words (eis.md 4)


class TooManyKeys(Conflict):
    """This service has two live keys already: revoke one first."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated service; `owns` are the ids of the initiators whose rows it may see and touch.

    `scopes` is what its key is limited to; None is everything, as it is for the shared secret.
    """

    initiator_id: int
    code: str
    acts_for: tuple[str, ...]
    owns: tuple[int, ...]
    tenant_id: int
    key_id: str
    scopes: frozenset[str] | None = None

    def require(self, scope: Permission) -> None:
        """Let pass who may do this. Raises MissingScope."""
        if self.scopes is not None and scope not in self.scopes:
            raise MissingScope(scope)

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the initiator codes it may name as the owner of an invoice."""
        return (self.code, *self.acts_for)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All live keys and the callers they speak for, as of `read_at` (monotonic seconds).

    `verified` are tokens whose signature these very keys were found to have made: it ends with the ring.
    """

    keys: tuple[KeySecret, ...]
    by_kid: dict[str, Caller]
    by_claim: dict[str, Caller]
    by_code: dict[str, Caller]
    read_at: float
    verified: dict[str, VerifiedToken] = field(default_factory=dict)


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


def authenticate(token: str) -> Caller:
    """Return who signed the token; identity comes from the key, and only the shared secret trusts the claim.

    Raises AccessDenied for every fault alike (eis.md 4, security.md T30 to T32).
    """
    ring = _key_ring()
    try:
        verified = _verified(token, ring)
    except BadToken as fault:
        raise AccessDenied from fault
    if verified.key_id == SHARED_KID:
        claimed = verified.claims.get("initiator")
        caller = ring.by_claim.get(claimed) if isinstance(claimed, str) else None
    else:
        caller = ring.by_kid.get(verified.key_id)
    if caller is None:
        raise AccessDenied
    key_use.note(caller.initiator_id, None if verified.key_id == SHARED_KID else verified.key_id)
    return caller


def _verified(token: str, ring: KeyRing) -> VerifiedToken:
    """Return what the token says; its signature is checked once for each ring, its times at each call."""
    known = ring.verified.get(token)
    if known is not None:
        check_token_now(known)
        return known
    verified = verify_token(token, ring.keys)
    if len(ring.verified) < MOST_VERIFIED:
        ring.verified[token] = verified
    return verified


def caller_named(code: str) -> Caller:
    """Return the caller of this code without a token: for work inside the house. Raises NotFound."""
    caller = _key_ring().by_code.get(code)
    if caller is None:
        raise NotFound("initiator", code)
    return caller


def list_services() -> list[Service]:
    """Return every initiator with all its keys, in order of their codes; `live` are the ids of keys that open."""
    rows = session().scalars(select(Initiator).order_by(Initiator.code)).all()
    keys = session().scalars(select(InitiatorKey).order_by(InitiatorKey.id.desc())).all()
    live = frozenset(session().scalars(select(InitiatorKey.kid).where(_is_live())))
    of = {
        row.id: sorted((k for k in keys if k.initiator_id == row.id), key=lambda k: k.kid not in live) for row in rows
    }
    return [Service(row, tuple(of[row.id]), live & {key.kid for key in of[row.id]}) for row in rows]


def live_keys(code: str) -> Sequence[InitiatorKey]:
    """Return the keys of this initiator that open now, oldest first. Raises NotFound."""
    owner_id = session().scalar(select(Initiator.id).where(Initiator.code == code))
    if owner_id is None:
        raise NotFound("initiator", code)
    of_owner = select(InitiatorKey).where(InitiatorKey.initiator_id == owner_id, _is_live())
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
    _forget_ring()
    return IssuedKey(kid, secret, sign_token({"initiator": code}, secret, kid=kid))


def revoke_key(kid: str, *, actor: Actor = SYSTEM, reason: str | None = None) -> None:
    """End a key. Raises NotFound when no live key has this id."""
    with transaction() as tx:
        ended = tx.execute(
            update(InitiatorKey)
            .where(InitiatorKey.kid == kid, _is_live())
            .values(revoked_at=datetime.now(UTC))
            .returning(InitiatorKey.initiator_id, InitiatorKey.tenant_id)
        ).one_or_none()
        if ended is None:
            raise NotFound("key", kid)
        data = {"initiator": _code_of(ended.initiator_id), "kid": kid}
        timeline.record("initiator.key.revoked", actor=actor, reason=reason, data=data, tenant_id=ended.tenant_id)
    _forget_ring()


def set_scopes(kid: str, scopes: Sequence[str] | None, *, actor: Actor = SYSTEM, reason: str | None = None) -> None:
    """Limit a live key to these scopes; None lets it do everything. Raises NotFound, Invalid naming `scopes`."""
    limits = _checked_scopes(scopes)
    with transaction() as tx:
        key = tx.scalars(
            select(InitiatorKey).where(InitiatorKey.kid == kid, _is_live()).with_for_update()
        ).one_or_none()
        if key is None:
            raise NotFound("key", kid)
        before, key.scopes = key.scopes, limits
        tx.flush()
        data = {"initiator": _code_of(key.initiator_id), "kid": kid, "before": before, "after": limits}
        timeline.record("initiator.key.scopes_changed", actor=actor, reason=reason, data=data, tenant_id=key.tenant_id)
    _forget_ring()


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
    _forget_ring()


def _code_of(initiator_id: int) -> str | None:
    return session().scalar(select(Initiator.code).where(Initiator.id == initiator_id))


def _lock(code: str) -> Initiator:
    statement = select(Initiator).where(Initiator.code == code).with_for_update()
    owner = session().scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if owner is None:
        raise NotFound("initiator", code)
    return owner


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


def _is_live() -> ColumnElement[bool]:
    unexpired = or_(InitiatorKey.expires_at.is_(None), InitiatorKey.expires_at > datetime.now(UTC))
    return InitiatorKey.revoked_at.is_(None) & unexpired


def _forget_ring() -> None:
    current_app.extensions.pop("key_ring", None)


def _key_ring() -> KeyRing:
    ring: KeyRing | None = current_app.extensions.get("key_ring")
    if ring is None or time.monotonic() - ring.read_at > RING_TTL_S:
        ring = _read_key_ring()
        current_app.extensions["key_ring"] = ring
    return ring


def _read_key_ring() -> KeyRing:
    settings: Settings = current_app.extensions["settings"]
    rows = session().execute(select(Initiator).where(Initiator.enabled)).scalars().all()
    ids = {row.code: row.id for row in rows}
    callers = {row.id: _caller(row, ids) for row in rows}
    keys = (
        session()
        .execute(
            select(InitiatorKey.kid, InitiatorKey.secret_sealed, InitiatorKey.initiator_id, InitiatorKey.scopes).where(
                _is_live(), InitiatorKey.initiator_id.in_(callers)
            )
        )
        .all()
    )
    # One that cannot be read is nobody's key, and keeps nobody else out.
    opened = ((kid, vault.unsealed(SealedFor.INITIATOR_KEYS, sealed)) for kid, sealed, *_ in keys)
    secrets_ = [KeySecret(kid, secret) for kid, secret in opened if secret is not None]
    shared = settings.billing_secret.get_secret_value()
    if shared:
        secrets_.append(KeySecret(SHARED_KID, shared))
    return KeyRing(
        keys=tuple(secrets_),
        by_kid={
            kid: replace(callers[initiator_id], key_id=kid, scopes=frozenset(scopes) or None)
            for kid, _, initiator_id, scopes in keys
        },
        by_claim={row.code: callers[row.id] for row in rows if row.accepts_shared_secret},
        by_code={row.code: callers[row.id] for row in rows},
        read_at=time.monotonic(),
    )


def _caller(row: Initiator, ids: dict[str, int]) -> Caller:
    acts_for = tuple(code for code in row.acts_for if code in ids)
    return Caller(row.id, row.code, acts_for, (row.id, *(ids[code] for code in acts_for)), row.tenant_id, SHARED_KID)
