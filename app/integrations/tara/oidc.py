"""What an ID token of TARA, GovSSO or eeID must say before anybody is let in (protocols.md 7, security T53 to T56)."""

from __future__ import annotations

import re

from app.domain.errors import Forbidden
from app.domain.ports import Identity, Json

ACR = {"low": 1, "substantial": 2, "high": 3}
SKEW_S = 60
# Country and code: eleven digits for Estonia, up to 256 characters for the rest of Europe (eIDAS).
_SUBJECT = re.compile(r"EE[0-9]{11}|(?!EE)[A-Z]{2}[A-Za-z0-9/+=_.:-]{1,254}", re.ASCII)
_LONGEST_NAME = 200


class LoginRefused(Forbidden):
    """The login cannot be accepted."""


class LoginCancelled(LoginRefused):
    """You stopped signing in; start again when you like."""


class WeakLogin(LoginRefused):
    """The means of login is too weak; use an ID card, Mobile-ID or Smart-ID."""


class MeansNotAllowed(WeakLogin):
    """This means of login is not accepted here."""


class WrongToken(LoginRefused):
    """The login service's answer does not belong to this login; start again."""


class WrongIssuer(WrongToken):
    """The login comes from another service."""


class WrongAudience(WrongToken):
    """The login was meant for another system."""


class WrongNonce(WrongToken):
    """The login was not begun here; start again."""


class StateUsed(WrongToken):
    """This login was ended before; start again."""


class TokenExpired(WrongToken):
    """The login took too long; start again."""


class OldLogin(LoginRefused):
    """The login service remembered somebody instead of asking; sign in once more."""


class WrongSubject(WrongToken):
    """The login service gave no country and personal code."""


def check_claims(
    claims: Json,
    *,
    issuer: str,
    audience: str,
    nonce: str,
    acr_minimum: str,
    amr_allowed: tuple[str, ...] = (),
    now: int,
    auth_within_s: int | None = None,
) -> Identity:
    """Return who an ID token, its signature already checked, says has signed in.

    Raises WrongIssuer, WrongAudience, WrongNonce, TokenExpired, OldLogin, WeakLogin, MeansNotAllowed or WrongSubject:
    each fault has its name, and all are LoginRefused. `now` is in seconds since 1970.
    """
    _check_origin(claims, issuer=issuer, audience=audience, nonce=nonce, now=now)
    signed_in_at = claims.get("auth_time", now)
    if auth_within_s is not None and (type(signed_in_at) is not int or signed_in_at + auth_within_s + SKEW_S < now):
        raise OldLogin
    acr = claims.get("acr")
    if not isinstance(acr, str) or ACR.get(acr, 0) < ACR[acr_minimum]:
        raise WeakLogin
    amr = _texts(claims.get("amr"))
    if amr_allowed and not (amr and set(amr) <= set(amr_allowed)):
        raise MeansNotAllowed
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise WrongSubject
    # TARA and eeID nest the names, GovSSO has them flat.
    nested = claims.get("profile_attributes")
    names: Json = nested if isinstance(nested, dict) else claims
    return Identity(
        subject=subject,
        given_name=_name(names.get("given_name")),
        family_name=_name(names.get("family_name")),
        acr=acr,
        amr=amr,
    )


def _check_origin(claims: Json, *, issuer: str, audience: str, nonce: str, now: int) -> None:
    if not issuer or claims.get("iss") != issuer:
        raise WrongIssuer
    if audience not in _texts(claims.get("aud")) or claims.get("azp", audience) != audience:
        raise WrongAudience
    if not nonce or claims.get("nonce") != nonce:
        raise WrongNonce
    expires, issued = claims.get("exp"), claims.get("iat")
    if type(expires) is not int or type(issued) is not int:
        raise TokenExpired
    if expires + SKEW_S < now or issued - SKEW_S > now:
        raise TokenExpired


def _name(value: object) -> str:
    """Return a name as it may be shown: text, printable, of bounded length."""
    return "".join(each for each in value if each.isprintable())[:_LONGEST_NAME] if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()
