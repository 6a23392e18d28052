"""Bearer tokens both ways: HS256, nothing else, the key decides who it is (eis.md 4, security.md T30 to T32)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.domain import exact_json

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 4096
SKEW_S = 60
AUDIENCE = "billing"
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


class BadToken(ValueError):
    """This token is not signed by anybody we know, or not valid now."""


@dataclass(frozen=True, slots=True, repr=False)
class KeySecret:
    """A key that may have signed a token."""

    kid: str
    secret: str


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token whose signature is good: by which key, and what it claims."""

    key_id: str
    claims: dict[str, Any]


def sign(claims: dict[str, Any], secret: str, *, kid: str | None = None) -> str:
    """Return the token; without `kid` the header is exactly `{"alg":"HS256"}` (vectors of eis.md A.1)."""
    header = {"alg": "HS256"} if kid is None else {"alg": "HS256", "kid": kid}
    signed = f"{_encode(header)}.{_encode(claims)}"
    return f"{signed}.{_base64(_mac(secret, signed))}"


def verify(token: str, keys: Iterable[KeySecret], *, now: float | None = None) -> VerifiedToken:
    """Return the claims and the key that signed them. Raises BadToken.

    `exp`, `nbf` and `aud` are checked where they are given, with 60 s of skew; a `kid` only says which key to try.
    """
    if len(token) > LONGEST or not _TOKEN.fullmatch(token):
        raise BadToken
    parts = token.split(".")
    header, claims, signature = _object(parts[0]), _object(parts[1]), _decode(parts[2])
    if header.get("alg") != "HS256" or "crit" in header or "b64" in header:
        raise BadToken
    signer = _signer(f"{parts[0]}.{parts[1]}", signature, keys, header.get("kid"))
    verified = VerifiedToken(signer.kid, claims)
    check_now(verified, now=now)
    return verified


def _signer(signed: str, signature: bytes, keys: Iterable[KeySecret], kid: object) -> KeySecret:
    """Try every key, the right one or not, so that time tells nothing."""
    found: KeySecret | None = None
    for key in keys:
        fits = hmac.compare_digest(_mac(key.secret, signed), signature)
        if fits and (kid is None or kid == key.kid):
            found = key
    if found is None:
        raise BadToken
    return found


def check_now(token: VerifiedToken, *, now: float | None = None) -> None:
    """Check what time can change about a token whose signature is good. Raises BadToken."""
    now, claims = time.time() if now is None else now, token.claims
    expires, starts = _instant(claims.get("exp")), _instant(claims.get("nbf"))
    if expires is not None and expires + SKEW_S < now:
        raise BadToken
    if starts is not None and starts - SKEW_S > now:
        raise BadToken
    audience = claims.get("aud")
    if audience is not None and AUDIENCE not in (audience if isinstance(audience, list) else [audience]):
        raise BadToken


def _instant(value: Any) -> int | Decimal | None:
    """Return seconds since 1970, whole or not (RFC 7519)."""
    if value is None or (isinstance(value, int | Decimal) and not isinstance(value, bool)):
        return value
    raise BadToken


def _mac(secret: str, signed: str) -> bytes:
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()


def _encode(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as fault:
        raise BadToken from fault
    if _base64(raw) != part:  # one token has one spelling
        raise BadToken
    return raw


def _object(part: str) -> dict[str, Any]:
    try:
        value = exact_json.loads(_decode(part))
    except ValueError as fault:
        raise BadToken from fault
    if not isinstance(value, dict):
        raise BadToken
    return value
