"""Who may pass a door. A guard is named where the door is registered (house.md 5, style.md 13)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Response, current_app, request, url_for
from flask_login import current_user

from app.domain.errors import Forbidden
from app.domain.permission import Permission, may
from app.queries.settings import whole_numbers
from app.uow import end_reads
from app.web.htmx import see_other, wants_fragment
from app.web.limits import SEARCHES, check

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from werkzeug.wrappers import Response as WerkzeugResponse

ViewT = TypeVar("ViewT", bound="Callable[..., Any]")
# The attribute that holds the permission a view needs; None is "whoever is signed in".
NEEDS = "needs"
# The attribute that marks a view which only computes from what is being typed and changes nothing.
RECKONS = "reckons"

# No second slash, no backslash, no control character: an address of our own and nothing a browser reads otherwise.
LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*\Z")


class LoginTooOld(Forbidden):
    """This needs a sign-in that is younger: sign in once more, what you filled in is kept for you."""


class SignedOut(Forbidden):
    """Nobody is signed in any more: sign in again."""


class NotAllowed(Forbidden):
    """Your role does not allow this: ask an administrator, or somebody whose work it is."""


def needs(permission: Permission | None = None) -> Callable[[ViewT], ViewT]:
    """Say what a view of the portal needs; without a permission it serves whoever is signed in, about themselves."""

    def said(view: ViewT) -> ViewT:
        setattr(view, NEEDS, permission)
        return view

    return said


def reckons(view: ViewT) -> ViewT:
    """Say that a view answers while somebody types and keeps nothing, so that nobody is led away from their form."""
    setattr(view, RECKONS, True)
    return view


def only_reckons() -> bool:
    """Return whether the view of this request says that it only reckons."""
    return bool(getattr(current_app.view_functions[str(request.endpoint)], RECKONS, False))


def needed_by(app: Flask, endpoint: str) -> Permission | None:
    """Return what the view of an endpoint needs. Raises AttributeError when it does not say: then nobody passes."""
    permission: Permission | None = getattr(app.view_functions[endpoint], NEEDS)
    return permission


def allowed(permission: Permission | None) -> bool:
    """Return whether the person who is signed in may do this."""
    return permission is None or may(str(getattr(current_user, "role", "")), permission)


def require_operator() -> WerkzeugResponse | None:
    """Let signed-in people pass whose role allows it; send strangers to sign in and back here afterwards.

    A fragment is refused with 401 and the address to go to, so that no part of a page is ever shown to a stranger.
    Raises NotAllowed when the role lacks what the view needs (security.md, route by role), SignedOut when a form
    was sent, which the door to sign in keeps for who wrote it, and TooManyRequests for too many searches.
    """
    if current_user.is_authenticated:
        if not allowed(needed_by(current_app, str(request.endpoint))):
            raise NotAllowed
        if request.args.get("q") and "after" not in request.args:  # what every list calls its search and its pages
            end_reads()  # the database would wait with us for Redis
            check(SEARCHES, str(operator().session_id))
        return None
    if request.method == "POST":
        raise SignedOut
    sign_in = url_for("auth.sign_in", next=_here())
    if wants_fragment():
        return Response(status=401, headers={"HX-Redirect": sign_in})
    return see_other(sign_in)


def operator() -> Any:
    """Return who is signed in, as the verb that opened the session describes them; only behind a guard."""
    return cast("Any", current_user)._get_current_object()  # noqa: SLF001 - the proxy's documented way to its object


def require_fresh_login(amount_minor: int | None = None) -> None:
    """Let pass who signed in a short while ago; call it in a view before anything is changed.

    With an amount, in minor units, only those above the setting `step_up_above` ask for it; without one it is always
    asked. Raises LoginTooOld, which keeps what was typed, sends the person through TARA again and back to a page that
    sends the same form (security.md T56). How long a login is fresh says the setting `fresh_login_minutes`.
    """
    said = whole_numbers(("step_up_above", "fresh_login_minutes"))
    if amount_minor is not None and amount_minor <= (said["step_up_above"] or 0):
        return
    if datetime.now(UTC) - operator().signed_in_at > timedelta(minutes=said["fresh_login_minutes"] or 0):
        raise LoginTooOld


def fresh_login_first(view: ViewT) -> ViewT:
    """Ask for a fresh login before the view, whatever it is about; stands below `needs`."""

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> Any:
        require_fresh_login()
        return view(*args, **kwargs)

    return cast("ViewT", asked)


def local_path(address: str | None) -> str | None:
    """Return the address when it is a path of this portal, else None (security.md T41)."""
    if not address or not LOCAL.match(address):
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address


def _here() -> str | None:
    return local_path(request.full_path.rstrip("?")) if request.method == "GET" else None
