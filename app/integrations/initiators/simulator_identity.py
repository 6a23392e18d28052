"""Whom a service believes: billing, by a token signed with the shared secret (eis.md 4, 10.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from decimal import Decimal
from typing import Any

from app.integrations.simulator_requests import Unreadable, parse_json


def is_billing(authorization: str, secret: str) -> bool:
    """Return whether the header carries a valid HS256 token, in its time, whose initiator is exactly `billing`.

    As the real ones do it: the second word is the token, whatever the first is. Nothing in it is read before its
    signature is found right.
    """
    words = authorization.split(" ")
    parts = words[1].split(".") if len(words) > 1 else []
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return False
    header, claims, signature = parts
    signed = hmac.new(secret.encode(), f"{header}.{claims}".encode(errors="replace"), hashlib.sha256).digest()
    if not hmac.compare_digest(signed, _bytes(signature) or b""):
        return False
    said, of = _object(claims), _object(header)
    return of.get("alg") == "HS256" and _is_in_time(said) and said.get("initiator") == "billing"


def _is_in_time(claims: dict[str, Any]) -> bool:
    now = time.time()
    expires, begins = claims.get("exp", now + 1), claims.get("nbf", now)
    if not _is_number(expires) or not _is_number(begins):
        return False
    return bool(begins <= now < expires)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _object(part: str) -> dict[str, Any]:
    try:
        found = parse_json(_bytes(part) or b"null")
    except Unreadable:
        return {}
    return found if isinstance(found, dict) else {}


def _bytes(part: str) -> bytes | None:
    """Return what the URL-safe base64 without padding says, or None."""
    try:
        return base64.b64decode(part.encode("ascii") + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
