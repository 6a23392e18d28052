"""Keys that make a repeated call harmless (reliability.md 3.6)."""

from __future__ import annotations

import hashlib
import re

from app.domain.errors import Invalid

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def check_key(key: str) -> str:
    """Return the key. Raises Invalid unless it is 1 to 255 visible ASCII characters."""
    if not _KEY.fullmatch(key):
        raise Invalid.field("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    return key


def fingerprint(canonical_body: bytes) -> bytes:
    """Return the SHA-256 of a canonical body, by which a repeated call is told from another one."""
    return hashlib.sha256(canonical_body).digest()
