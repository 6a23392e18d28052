"""Flask's session, which carries one sign-in at TARA from its beginning to its end: pages have it, machines do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask.sessions import SecureCookieSessionInterface

if TYPE_CHECKING:
    from flask import Flask, Request
    from flask.sessions import SecureCookieSession

WITHOUT = ("/api/v1/", "/api/v2/", "/health/", "/metrics")


def install(app: Flask) -> None:
    """Give pages their session."""
    app.session_interface = PagesOnly()


class PagesOnly(SecureCookieSessionInterface):
    """Opens no session where nobody has one: its cookie is neither read there nor written."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a page; None is Flask's empty one, which refuses to be written."""
        return None if request.path.startswith(WITHOUT) else super().open_session(app, request)
