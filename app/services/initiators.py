"""Callers: who signed this request, and what the key it was signed with may do."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import or_, select

from app.domain.errors import Forbidden, NotFound
from app.domain.permission import MissingScope
from app.integrations import BadToken, KeySecret, VerifiedToken, check_token_now, verify_token
from app.models.initiator import Initiator, InitiatorKey
from app.services import key_use, vault
from app.services.vault import SealedFor
from app.uow import session

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from app.config import Settings
    from app.domain.permission import Permission

SHARED_KID = "shared"
RING_TTL_S = 1.0
MOST_VERIFIED = 1000


class AccessDenied(Forbidden):
    """Access denied"""  # noqa: D415 - the wire's own words (eis.md 4)


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


def is_live_key() -> ColumnElement[bool]:
    """Return what a key that opens fulfils: neither revoked nor past its last day."""
    unexpired = or_(InitiatorKey.expires_at.is_(None), InitiatorKey.expires_at > datetime.now(UTC))
    return InitiatorKey.revoked_at.is_(None) & unexpired


def forget_key_ring() -> None:
    """Let this process read the keys anew; the others do within a second."""
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
                is_live_key(), InitiatorKey.initiator_id.in_(callers)
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
