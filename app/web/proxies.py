"""Whose address counts: the caller's as our own reverse proxies heard it, and nobody's word beyond them (T91)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from flask import Flask


def install(app: Flask, trusted: int) -> None:
    """Believe as many forwarded addresses as proxies of ours stand in front; of other forwarded headers none.

    What a caller wrote there himself stands before theirs, and is not looked at.
    """
    if trusted:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=0, x_host=0)  # type: ignore[method-assign]
