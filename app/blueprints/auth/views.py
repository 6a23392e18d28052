"""The doors to sign in and out. The only way in is an ID card, Mobile-ID or Smart-ID through TARA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user

from app.blueprints.auth.held_words import facts_of
from app.blueprints.auth.refusals import UNREACHABLE, Refusal, explain
from app.domain.errors import Forbidden, ProviderFailure
from app.queries.settings import whole_numbers
from app.services import held_forms, operator_sessions
from app.web import cookies, errors, language
from app.web.extensions import login_manager, oauth
from app.web.guards import LoginTooOld, SignedOut, local_path, only_reckons, operator
from app.web.htmx import see_other, wants_fragment
from app.web.limits import LOGIN_STATES, LOGINS, check
from app.web.translation import translate as _

if TYPE_CHECKING:
    from flask import Request
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.config import Settings
    from app.domain.errors import BillingError
    from app.services.operator_sessions import SignedIn

LOG = structlog.get_logger(__name__)

blueprint = Blueprint("auth", __name__)

login_manager.session_protection = None
# Asks a login service that remembers people to forget it for once; TARA asks each time anyway.
AGAIN = {"prompt": "login", "max_age": "0"}
MOST_FIELDS, MOST_TYPED = 100, 50_000


@login_manager.request_loader  # type: ignore[untyped-decorator]
def _signed_in(_request: Request) -> SignedIn | None:
    """Return who holds the session of this request; asked of the database each time, so that a revocation counts.

    Nobody is asked for once an error is being told: every page asks who is there, also the one that says that the
    database is away.
    """
    token = cookies.session_token()
    return operator_sessions.current_operator(token) if token and not errors.is_being_told() else None


@blueprint.get("/sign_in")
def sign_in() -> WerkzeugResponse:
    """Show the one way in; who is in already is sent on."""
    onward = local_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(onward or url_for("overview.index"), 303)
    return make_response(render_template("auth/sign_in.html", onward=onward, ended=request.args.get("ended")))


@blueprint.get("/auth/tara")
def tara() -> WerkzeugResponse:
    """Begin a login: what belongs to it waits in a cookie for the way back and for nothing else.

    Raises TooManyRequests.
    """
    if _is_the_sender():
        check(LOGINS, request.remote_addr or "unknown")
    again = request.args.get("again") == "1" and current_user.is_authenticated
    session.clear()
    session["onward"] = local_path(request.args.get("next"))
    session["again"] = again
    try:
        return _begun(**AGAIN if again else {})
    except ProviderFailure as failure:
        return _refused(UNREACHABLE, failure)


def _is_the_sender() -> bool:
    """Return whether the address is that of who asks, and not that of a proxy nobody told us of."""
    settings: Settings = current_app.extensions["settings"]
    return bool(settings.trusted_proxies) or "X-Forwarded-For" not in request.headers


@blueprint.get("/auth/tara/callback")
def callback() -> WerkzeugResponse:
    """End a login with a new session, or say in words why not."""
    onward, again = local_path(session.get("onward")), session.get("again") is True
    before = cookies.session_token()
    old = before if again else None
    here = {"ip": request.remote_addr or "", "user_agent": request.user_agent.string}
    try:
        identity = oauth.tara.identity(once=LOGIN_STATES.spend, fresh=again)
        token = (
            operator_sessions.renew_session(old, identity, **here)
            if old
            else operator_sessions.open_session(identity, **here)
        )
        if before:
            held_forms.hand_over(before, token)
    except ProviderFailure as failure:
        return _refused(UNREACHABLE, failure)
    except Forbidden as refusal:
        return _refused(explain(refusal), refusal)
    finally:
        session.clear()
    return _welcome(token, onward)


def _welcome(token: str, onward: str | None) -> WerkzeugResponse:
    """Hand out the session and lead on, in the language this person chose."""
    response = redirect(onward or url_for("overview.index"), 303)
    person = operator_sessions.current_operator(token)
    if person is not None and person.locale in language.LANGUAGES:
        cookies.put_choice(response, "lang", str(person.locale))
    cookies.put_session(response, token, max_age_s=operator_sessions.session_lengths().max_s)
    return response


@blueprint.get("/sign_in/again")
def again() -> WerkzeugResponse:
    """Say why a fresh sign-in is asked for, and that what was typed is kept."""
    if not current_user.is_authenticated:
        return redirect(url_for("auth.sign_in"), 303)
    held = held_forms.held(current_user.session_id)
    wanted = local_path(request.args.get("next"))
    onward = wanted or (url_for("auth.held") if held else None)
    said = whole_numbers(("step_up_above", "fresh_login_minutes"))
    html = render_template("auth/again.html", held=held, onward=onward, minutes=said["fresh_login_minutes"])
    return make_response(html)


@blueprint.get("/sign_in/held")
def held() -> WerkzeugResponse:
    """Offer to send what was typed before the fresh sign-in."""
    if not current_user.is_authenticated:
        return redirect(url_for("auth.sign_in"), 303)
    kept = held_forms.held(current_user.session_id)
    return make_response(render_template("auth/held.html", held=kept, said=facts_of(kept) if kept else ()))


@blueprint.app_errorhandler(LoginTooOld)
def _fresh_login_wanted(_wanted: LoginTooOld) -> WerkzeugResponse:
    """Keep what was typed and lead to a fresh sign-in; a page is simply come back to."""
    if request.method == "GET":
        return see_other(url_for("auth.again", next=local_path(request.full_path.rstrip("?"))))
    fields = _typed()
    if fields is not None:
        held_forms.hold(operator().session_id, request.full_path.rstrip("?"), fields)
    return see_other(url_for("auth.again"))


@blueprint.app_errorhandler(SignedOut)
def _sign_in_first(_over: SignedOut) -> WerkzeugResponse:
    """Keep the form of somebody whose session ended while they wrote it, and lead to the sign-in.

    Who is still typing stays where they are: the form is kept when it is sent.
    """
    token = cookies.session_token()
    if token and wants_fragment() and only_reckons():
        said = _("Your session has ended. Go on: what you typed is kept when you save it, and you sign in then.")
        return Response(render_template("auth/_ended.html", said=said), 401, {"HX-Reswap": "innerHTML"})
    fields = _typed()
    kept = bool(token and fields) and held_forms.hold_for_return(
        str(token), request.full_path.rstrip("?"), fields or []
    )
    ended = ("kept" if kept else "lost") if token else None
    where = url_for("auth.sign_in", next=url_for("auth.held") if kept else None, ended=ended)
    return Response(status=401, headers={"HX-Redirect": where}) if wants_fragment() else see_other(where)


def _typed() -> list[tuple[str, str]] | None:
    """Return the fields of the form that was sent, or None when they are too many to keep."""
    fields = [(name, value) for name, values in request.form.lists() for value in values if name != "csrf_token"]
    is_small = len(fields) <= MOST_FIELDS and sum(len(value) for _name, value in fields) <= MOST_TYPED
    return fields if is_small and not request.files else None


@blueprint.post("/logout")
def logout() -> WerkzeugResponse:
    """End the session here and make the browser forget what it has seen (security.md T60)."""
    token = cookies.session_token()
    if token:
        operator_sessions.end_session(token)
    session.clear()
    flash(_("You are signed out."))
    response = redirect(url_for("auth.sign_in"), 303)
    cookies.drop_session(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _begun(**more: str) -> WerkzeugResponse:
    """Send the browser to TARA; state, nonce and PKCE are kept in the cookie of this flow."""
    started: WerkzeugResponse = oauth.tara.authorize_redirect(
        _callback_address(), ui_locales=language.current(), **more
    )
    return started


def _callback_address() -> str:
    """Return where TARA sends the browser back to: registered there, so never taken from the request if it is set."""
    return _settings().tara.redirect_uri or url_for("auth.callback", _external=True)


def _refused(refusal: Refusal, fault: BillingError) -> WerkzeugResponse:
    LOG.warning("login.refused", why=refusal.code, detail=str(fault), alarm=refusal.code == "not_listed")
    return make_response(render_template("auth/refused.html", refusal=refusal), refusal.status)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
