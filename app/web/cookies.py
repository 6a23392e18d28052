"""The cookies we set: one name, one set of flags, in one place (security.md 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, request

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from app.config import Settings

SESSION = "sid"
YEAR_S = 31_536_000


def is_development() -> bool:
    """Return whether this is `billing up`: the only mode in which cookies may travel over plain http."""
    settings: Settings = current_app.extensions["settings"]
    return settings.development


def name_of(bare: str, *, development: bool) -> str:
    """Return the cookie's name: with the `__Host-` prefix wherever there is TLS."""
    return bare if development else f"__Host-{bare}"


def session_token() -> str | None:
    """Return the raw token of the operator's session, or None."""
    return request.cookies.get(name_of(SESSION, development=is_development()))


def put_session(response: Response, token: str, *, max_age_s: int) -> None:
    """Hand the browser the token of a session just opened."""
    _put(response, SESSION, token, max_age_s)


def drop_session(response: Response) -> None:
    """Take the token away again."""
    _put(response, SESSION, "", 0)


def put_choice(response: Response, name: str, value: str) -> None:
    """Remember how somebody likes the portal (theme, language) for a year."""
    _put(response, name, value, YEAR_S)


def choice(name: str) -> str | None:
    """Return a remembered choice, or None."""
    return request.cookies.get(name_of(name, development=is_development()))


def _put(response: Response, bare: str, value: str, max_age_s: int) -> None:
    development = is_development()
    response.set_cookie(
        name_of(bare, development=development),
        value,
        max_age=max_age_s,
        path="/",
        secure=not development,
        httponly=True,
        samesite="Lax",
    )
