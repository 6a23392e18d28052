"""The guard of the JSON API: who calls, and how their answers look."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import g, request

from app.services.initiators import AccessDenied, authenticate

if TYPE_CHECKING:
    from app.services.initiators import Caller


def require_caller() -> None:
    """Let only authenticated services pass; runs before anything of the body is read (eis.md 4)."""
    g.caller = authenticate(_token())


def caller() -> Caller:
    """Return the service that calls."""
    return cast("Caller", g.caller)


def optional_caller() -> Caller | None:
    """Return the service that calls, or None without a good token: for the route that asks for none."""
    try:
        return authenticate(_token())
    except AccessDenied:
        return None


def _token() -> str:
    """Return the second word of the Authorization header, whatever the first one is (eis.md 4)."""
    words = request.headers.get("Authorization", "").split(" ")
    return words[1] if len(words) > 1 else ""
