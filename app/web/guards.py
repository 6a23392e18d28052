"""Who may pass a door. A guard is named where the door is registered (house.md 5, style.md 13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from flask import Response, request, url_for
from flask_login import current_user

from app.web.htmx import see_other, wants_fragment

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

# No second slash, no backslash, no control character: an address of our own and nothing a browser reads otherwise.
LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*\Z")


def require_operator() -> WerkzeugResponse | None:
    """Let signed-in people pass; send everybody else to sign in and back here afterwards.

    A fragment is refused with 401 and the address to go to, so that no part of a page is ever shown to a stranger.
    """
    if current_user.is_authenticated:
        return None
    sign_in = url_for("auth.sign_in", next=_here())
    if wants_fragment():
        return Response(status=401, headers={"HX-Redirect": sign_in})
    return see_other(sign_in)


def operator() -> Any:
    """Return who is signed in, as the verb that opened the session describes them; only behind a guard."""
    return cast("Any", current_user)._get_current_object()  # noqa: SLF001 - the proxy's documented way to its object


def local_path(address: str | None) -> str | None:
    """Return the address when it is a path of this portal, else None (security.md T41)."""
    if not address or not LOCAL.match(address):
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address


def _here() -> str | None:
    return local_path(request.full_path.rstrip("?")) if request.method == "GET" else None
