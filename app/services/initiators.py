"""Callers: who signed this request, and the keys they sign with."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet
from flask import current_app
from sqlalchemy import select, update

from app.domain.errors import Forbidden, NotFound
from app.integrations import BadToken, KeySecret, sign_token, verify_token
from app.models.initiator import Initiator, InitiatorKey
from app.services import timeline
from app.uow import session, transaction

if TYPE_CHECKING:
    from app.config import Settings

SHARED_KID = "shared"
RING_TTL_S = 1.0
LAST_USED_STEP = timedelta(minutes=1)


class AccessDenied(Forbidden):
    """Access denied"""  # noqa: D415 - the wire's own words (eis.md 4)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated service; `owns` are the ids of the initiators whose rows it may see and touch."""

    initiator_id: int
    code: str
    acts_for: tuple[str, ...]
    owns: tuple[int, ...]
    tenant_id: int
    key_id: str

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the initiator codes it may name as the owner of an invoice."""
        return (self.code, *self.acts_for)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All live keys and the callers they speak for, as of `read_at` (monotonic seconds)."""

    keys: tuple[KeySecret, ...]
    by_kid: dict[str, Caller]
    by_claim: dict[str, Caller]
    by_code: dict[str, Caller]
    read_at: float


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, shown once: the secret to sign with and a ready token."""

    kid: str
    secret: str
    token: str


def authenticate(token: str) -> Caller:
    """Return who signed the token; identity comes from the key, and only the shared secret trusts the claim.

    Raises AccessDenied for every fault alike (eis.md 4, security.md T30 to T32).
    """
    ring = _key_ring()
    try:
        verified = verify_token(token, ring.keys)
    except BadToken as fault:
        raise AccessDenied from fault
    if verified.key_id == SHARED_KID:
        claimed = verified.claims.get("initiator")
        caller = ring.by_claim.get(claimed) if isinstance(claimed, str) else None
    else:
        caller = ring.by_kid.get(verified.key_id)
    if caller is None:
        raise AccessDenied
    return caller


def caller_named(code: str) -> Caller:
    """Return the caller of this code without a token: for work inside the house. Raises NotFound."""
    caller = _key_ring().by_code.get(code)
    if caller is None:
        raise NotFound("initiator", code)
    return caller


def issue_key(code: str, *, name: str = "", days: int | None = None) -> IssuedKey:
    """Make a key for the initiator and return it; the secret cannot be read again.

    Raises NotFound when there is no such initiator.
    """
    secret = secrets.token_urlsafe(32)
    kid = secrets.token_hex(8)
    with transaction() as tx:
        initiator_id = tx.scalar(select(Initiator.id).where(Initiator.code == code))
        if initiator_id is None:
            raise NotFound("initiator", code)
        tx.add(
            InitiatorKey(
                initiator_id=initiator_id,
                kid=kid,
                name=name,
                secret_sealed=_vault().encrypt(secret.encode()),
                expires_at=datetime.now(UTC) + timedelta(days=days) if days else None,
            )
        )
        timeline.record("initiator.key.issued", data={"initiator": code, "kid": kid})
    current_app.extensions.pop("key_ring", None)
    return IssuedKey(kid, secret, sign_token({"initiator": code}, secret, kid=kid))


def revoke_key(kid: str) -> None:
    """End a key. Raises NotFound when no live key has this id."""
    with transaction() as tx:
        ended = tx.execute(
            update(InitiatorKey)
            .where(InitiatorKey.kid == kid, InitiatorKey.revoked_at.is_(None))
            .values(revoked_at=datetime.now(UTC))
            .returning(InitiatorKey.id)
        ).scalar_one_or_none()
        if ended is None:
            raise NotFound("key", kid)
        timeline.record("initiator.key.revoked", data={"kid": kid})
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
            select(InitiatorKey.kid, InitiatorKey.secret_sealed, InitiatorKey.initiator_id).where(
                InitiatorKey.revoked_at.is_(None),
                (InitiatorKey.expires_at.is_(None)) | (InitiatorKey.expires_at > datetime.now(UTC)),
                InitiatorKey.initiator_id.in_(callers),
            )
        )
        .all()
    )
    vault = _vault()
    secrets_ = [KeySecret(kid, vault.decrypt(sealed).decode()) for kid, sealed, _ in keys]
    shared = settings.billing_secret.get_secret_value()
    if shared:
        secrets_.append(KeySecret(SHARED_KID, shared))
    return KeyRing(
        keys=tuple(secrets_),
        by_kid={kid: callers[initiator_id] for kid, _, initiator_id in keys},
        by_claim={row.code: callers[row.id] for row in rows if row.accepts_shared_secret},
        by_code={row.code: callers[row.id] for row in rows},
        read_at=time.monotonic(),
    )


def _caller(row: Initiator, ids: dict[str, int]) -> Caller:
    acts_for = tuple(code for code in row.acts_for if code in ids)
    return Caller(row.id, row.code, acts_for, (row.id, *(ids[code] for code in acts_for)), row.tenant_id, row.code)


def _vault() -> Fernet:
    """Return the lock for secrets at rest: its key is derived from SECRET_KEY and lives nowhere else."""
    settings: Settings = current_app.extensions["settings"]
    material = hashlib.sha256(b"initiator keys:" + settings.secret_key.get_secret_value().encode()).digest()
    return Fernet(base64.urlsafe_b64encode(material))
