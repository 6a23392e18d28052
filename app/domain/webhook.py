"""Webhook messages in the Standard Webhooks form: what is signed, and with which secrets (reliability.md 1.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def write_secret(key: bytes) -> str:
    """Return a signing key as services keep it."""
    return PREFIX + base64.b64encode(key).decode()


def headers(message_id: str, sent_at_s: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return the three headers of a message; every live secret signs it, so that one can be changed without a gap.

    `sent_at_s` is the moment of this very try, in seconds since 1970.
    """
    signatures = [f"v1,{sign(message_id, sent_at_s, body, each)}" for each in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at_s),
        "webhook-signature": " ".join(signatures),
    }


def sign(message_id: str, sent_at_s: int, body: bytes, secret: str) -> str:
    """Return the HMAC-SHA256 over id, timestamp and body, in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    said = f"{message_id}.{sent_at_s}.".encode() + body
    return base64.b64encode(hmac.digest(key, said, hashlib.sha256)).decode()
