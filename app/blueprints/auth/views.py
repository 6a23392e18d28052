"""The doors to sign in and out. The only way in is an ID card, Mobile-ID or Smart-ID through TARA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user

from app.blueprints.auth.refusals import Refusal, explain, unreachable
from app.domain.errors import Forbidden, ProviderFailure
from app.extensions import login_manager, oauth
from app.services import operators
from app.web import cookies, language
from app.web.guards import local_path
from app.web.translation import translate as _

if TYPE_CHECKING:
    from flask import Request
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.config import Settings
    from app.domain.errors import BillingError
    from app.services.operators import SignedIn

LOG = structlog.get_logger(__name__)

blueprint = Blueprint("auth", __name__)

login_manager.session_protection = None


@login_manager.request_loader  # type: ignore[untyped-decorator]
def _signed_in(_request: Request) -> SignedIn | None:
    """Return who holds the session of this request; asked of the database each time, so that a revocation counts."""
    token = cookies.session_token()
    return operators.current_operator(token) if token else None


@blueprint.get("/sign_in")
def sign_in() -> WerkzeugResponse:
    """Show the one way in; who is in already is sent on."""
    onward = local_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(onward or url_for("overview.index"), 303)
    return make_response(render_template("auth/sign_in.html", onward=onward))


@blueprint.get("/auth/tara")
def tara() -> WerkzeugResponse:
    """Begin a login: what belongs to it waits in a cookie for the way back and for nothing else."""
    session.clear()
    session["onward"] = local_path(request.args.get("next"))
    try:
        return _begun()
    except ProviderFailure as failure:
        return _refused(unreachable(), failure)


@blueprint.get("/auth/tara/callback")
def callback() -> WerkzeugResponse:
    """End a login with a new session, or say in words why not."""
    onward = local_path(session.get("onward"))
    try:
        token = operators.open_session(
            oauth.tara.identity(), ip=request.remote_addr or "", user_agent=request.user_agent.string
        )
    except ProviderFailure as failure:
        return _refused(unreachable(), failure)
    except Forbidden as refusal:
        return _refused(explain(refusal), refusal)
    finally:
        session.clear()
    response = redirect(onward or url_for("overview.index"), 303)
    cookies.put_session(response, token, max_age_s=_settings().session_max_s)
    return response


@blueprint.post("/logout")
def logout() -> WerkzeugResponse:
    """End the session here and make the browser forget what it has seen (security.md T60)."""
    token = cookies.session_token()
    if token:
        operators.end_session(token)
    session.clear()
    flash(_("You are signed out."))
    response = redirect(url_for("auth.sign_in"), 303)
    cookies.drop_session(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _begun() -> WerkzeugResponse:
    """Send the browser to TARA; state, nonce and PKCE are kept in the cookie of this flow."""
    started: WerkzeugResponse = oauth.tara.authorize_redirect(_callback_address(), ui_locales=language.current())
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
