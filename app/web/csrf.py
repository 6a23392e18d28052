"""Unsafe requests must come from a page of ours: token, Origin and Sec-Fetch-Site agree (security.md T50)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, current_app, g, request
from flask_wtf.csrf import CSRFError

from app.domain.errors import Forbidden
from app.domain.origin import is_allowed
from app.web.cookies import is_development, name_of
from app.web.extensions import csrf
from app.web.translation import translate as _

if TYPE_CHECKING:
    from app.config import Settings

OURS = {"same-origin", "none"}


class CrossSite(Forbidden):
    """The form did not come from a fresh page of the portal."""

    def __init__(self) -> None:
        super().__init__(
            _("This form did not come from a fresh page of the portal: go back, reload the page and send it again.")
        )


def install(app: Flask) -> None:
    """Check every unsafe request to a door that is not exempt; exemptions are declared in the table of doors."""
    settings: Settings = app.extensions["settings"]
    app.config.update(
        SESSION_COOKIE_NAME=name_of("flow", development=settings.development),
        SESSION_COOKIE_SECURE=not settings.development,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        # We check ourselves, so that a refusal is one of our errors; and we send no Referer for the strict mode to see.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    csrf.init_app(app)
    app.before_request(_check)


def _check() -> None:
    try:
        csrf.protect(apply_exemptions=True)
    except CSRFError as refusal:
        raise CrossSite from refusal
    if g.get("csrf_valid") and not _is_ours():
        raise CrossSite


def _is_ours() -> bool:
    """Return whether the browser says that the request comes from our own origin.

    Under `Referrer-Policy: no-referrer` the Origin of a form is `null`, and Sec-Fetch-Site is what tells; browsers
    leave that out on plain http, which exists in development only.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in OURS:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    if origin == "null":
        return site is not None or is_development()
    settings: Settings = current_app.extensions["settings"]
    # As configured: behind a proxy a request knows neither its scheme nor its host for sure.
    ours = request.host_url if settings.development else settings.base_url
    return is_allowed(origin, [ours], plain_http=True)
