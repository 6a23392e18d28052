"""Secrets at rest: sealed with keys derived from SECRET_KEY, which lives nowhere in the database."""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog
from cryptography.fernet import Fernet, InvalidToken
from flask import current_app

from app.domain.errors import Conflict

if TYPE_CHECKING:
    from app.config import Settings

LOG = structlog.get_logger(__name__)


class SealedFor(StrEnum):
    """What a secret is for; each purpose has a lock of its own. The words are part of the key: never change one."""

    INITIATOR_KEYS = "initiator keys"
    WEBHOOKS = "webhook secrets"


class Unreadable(Conflict):
    """This secret was sealed under another SECRET_KEY and cannot be read: bring that back, or make a new secret."""

    def __init__(self) -> None:
        super().__init__(code="secret_unreadable")


def seal(purpose: SealedFor, secret: str) -> bytes:
    """Return the secret as it may lie in the database."""
    return _lock(purpose).encrypt(secret.encode())


def unseal(purpose: SealedFor, sealed: bytes) -> str:
    """Return the secret. Raises Unreadable."""
    try:
        return _lock(purpose).decrypt(sealed).decode()
    except InvalidToken as fault:
        raise Unreadable from fault


def unsealed(purpose: SealedFor, sealed: bytes) -> str | None:
    """Return the secret, None where it was sealed under another SECRET_KEY; the log says so once a process."""
    try:
        return unseal(purpose, sealed)
    except Unreadable as fault:
        told: set[bytes] = current_app.extensions.setdefault("told_unreadable", set())
        if sealed not in told:
            told.add(sealed)
            LOG.warning("secret.unreadable", kind=str(purpose), why=str(fault))
        return None


def _lock(purpose: SealedFor) -> Fernet:
    settings: Settings = current_app.extensions["settings"]
    material = hashlib.sha256(f"{purpose}:".encode() + settings.secret_key.get_secret_value().encode()).digest()
    return Fernet(base64.urlsafe_b64encode(material))
