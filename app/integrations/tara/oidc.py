"""Login with TARA, GovSSO or eeID: what an ID token must say (protocols.md 7, security.md T53 to T56)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from app.domain.errors import Forbidden
from app.domain.ports import Identity, Json

if TYPE_CHECKING:
    from authlib.integrations.flask_client import OAuth

    from app.config import Settings

ACR = {"low": 1, "substantial": 2, "high": 3}
SKEW_S = 60
_SUBJECT = re.compile(r"[A-Z]{2}[A-Za-z0-9/_.-]{3,254}", re.ASCII)


class LoginRefused(Forbidden):
    """The login cannot be accepted."""


class WeakLogin(LoginRefused):
    """The means of login is too weak; use an ID card, Mobile-ID or Smart-ID."""


class WrongToken(LoginRefused):
    """The login service's answer does not belong to this login."""


def register(oauth: OAuth, settings: Settings) -> None:
    """Make the client `oauth.tara`: by discovery, or with the addresses written out."""
    tara = settings.tara
    places: dict[str, Any] = (
        {"server_metadata_url": f"{tara.issuer.rstrip('/')}/.well-known/openid-configuration"}
        if tara.discovery
        else {
            "authorize_url": f"{tara.host.rstrip('/')}/oidc/authorize",
            "access_token_url": f"{tara.host.rstrip('/')}/oidc/token",
            "jwks_uri": tara.jwks_uri or f"{tara.host.rstrip('/')}/oidc/jwks",
        }
    )
    oauth.register(
        "tara",
        overwrite=True,
        client_id=tara.identifier,
        client_secret=tara.secret.get_secret_value(),
        client_kwargs={
            "scope": " ".join(tara.scope),
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic",
            "timeout": 7,
        },
        **places,
    )


def check_claims(
    claims: Json,
    *,
    issuer: str,
    audience: str,
    nonce: str,
    acr_minimum: str,
    amr_allowed: tuple[str, ...] = (),
    now: int,
) -> Identity:
    """Return who signed in. Raises WrongToken or WeakLogin; the signature was checked before."""
    _check_origin(claims, issuer=issuer, audience=audience, nonce=nonce, now=now)
    acr = claims.get("acr")
    if not isinstance(acr, str) or ACR.get(acr, 0) < ACR[acr_minimum]:
        raise WeakLogin
    amr = _texts(claims.get("amr"))
    if amr_allowed and not set(amr) & set(amr_allowed):
        raise WeakLogin
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise WrongToken("The login service gave no country and code")
    # TARA and eeID nest the names, GovSSO has them flat.
    nested = claims.get("profile_attributes")
    names: Json = nested if isinstance(nested, dict) else claims
    return Identity(
        subject=subject,
        given_name=str(names.get("given_name") or ""),
        family_name=str(names.get("family_name") or ""),
        acr=acr,
        amr=amr,
    )


def _check_origin(claims: Json, *, issuer: str, audience: str, nonce: str, now: int) -> None:
    if claims.get("iss") != issuer:
        raise WrongToken("The login comes from another service")
    if audience not in _texts(claims.get("aud")):
        raise WrongToken("The login was meant for another system")
    if not nonce or claims.get("nonce") != nonce:
        raise WrongToken("The login was not begun here")
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int) or not isinstance(issued, int):
        raise WrongToken("The login has no time")
    if expires + SKEW_S < now or issued - SKEW_S > now:
        raise WrongToken("The login is too old: sign in again")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()
