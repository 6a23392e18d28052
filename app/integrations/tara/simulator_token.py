"""The ID token of the simulated login service, right or wrong in the way a script wants (protocols.md 7)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import RSAKey

if TYPE_CHECKING:
    from app.integrations.tara.simulator_provider import Persona, Provider

TOKEN_S = 40
# What a script may ask to be wrong with the next ID tokens.
FAULTS = (
    "wrong_nonce",
    "wrong_state",
    "wrong_aud",
    "wrong_iss",
    "expired",
    "no_acr",
    "no_sub",
    "old_login",
    "bad_signature",
    "unknown_kid",
    "alg_none",
)


def id_token(provider: Provider, grant: dict[str, Any], access: str) -> str:
    """Return the token for a code that was exchanged, spoiled by the provider's fault if there is one."""
    fault = provider.token_fault
    claims = _spoiled(_claims(provider, grant, access), fault)
    if fault == "alg_none":
        return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(claims)}."
    kid = "nobody" if fault == "unknown_kid" else str(provider.key.kid)
    key = RSAKey.generate_key(2048) if fault == "bad_signature" else provider.key
    return jwt.encode({"alg": "RS256", "kid": kid}, claims, key)


def _claims(provider: Provider, grant: dict[str, Any], access: str) -> dict[str, Any]:
    persona: Persona = grant["persona"]
    now = int(time.time())
    claims: dict[str, Any] = {
        "jti": secrets.token_hex(16),
        "iss": provider.config.issuer,
        "aud": provider.config.client_id,
        "iat": now,
        "nbf": now,
        "exp": now + TOKEN_S,
        "sub": persona.subject,
        "profile_attributes": {
            "given_name": persona.given_name,
            "family_name": persona.family_name,
            "date_of_birth": persona.born,
        },
        "amr": [persona.amr],
        "acr": persona.acr,
        "state": grant["state"],
        # Standard alphabet, as the real one sends it.
        "at_hash": base64.b64encode(hashlib.sha256(access.encode()).digest()[:16]).decode(),
    }
    return claims | ({"nonce": grant["nonce"]} if grant["nonce"] else {})


def _spoiled(claims: dict[str, Any], fault: str) -> dict[str, Any]:
    now = claims["iat"]
    wrong: dict[str, dict[str, Any]] = {
        "wrong_nonce": {"nonce": "another"},
        "wrong_state": {"state": "another of eight"},
        "wrong_aud": {"aud": "another"},
        "wrong_iss": {"iss": "https://another.example"},
        "old_login": {"auth_time": now - 7200},
        "expired": {"iat": now - 4000, "nbf": now - 4000, "exp": now - 3600},
    }
    absent = {"no_acr": "acr", "no_sub": "sub"}.get(fault)
    return {name: value for name, value in (claims | wrong.get(fault, {})).items() if name != absent}


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
