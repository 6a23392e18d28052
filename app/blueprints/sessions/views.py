"""The doors to one's own sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, render_template, url_for

from app.domain.errors import NotFound
from app.services import operator_sessions
from app.web.address import KEY
from app.web.device import describe
from app.web.guards import needs, operator
from app.web.htmx import render, see_other
from app.web.key_words import KEYS
from app.web.translation import translate as _

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.models.operator import OperatorSession

blueprint = Blueprint("sessions", __name__, url_prefix="/sessions")


@blueprint.get("")
@needs()
def index() -> str:
    """Show where the operator is signed in, what each key does, and how the portal looks for them."""
    live = operator_sessions.sessions_of(operator().operator_id)
    sessions = [(each, describe(each.user_agent)) for each in live]
    return render_template("sessions/index.html", live=sessions, keys=KEYS)


@blueprint.get(f"/<{KEY}:session_id>/revocations/new")
@needs()
def new_revocation(session_id: int) -> Response:
    """Ask once more before a session is ended."""
    chosen = _own(session_id)
    return render(
        "sessions/new_revocation.html", "sessions/_revocation.html", chosen=chosen, device=describe(chosen.user_agent)
    )


@blueprint.post(f"/<{KEY}:session_id>/revocations")
@needs()
def create_revocation(session_id: int) -> WerkzeugResponse:
    """End one of the operator's own sessions."""
    operator_sessions.revoke_session(operator().operator_id, session_id)
    flash(_("The session is ended; that browser must sign in again."))
    return see_other(url_for("sessions.index"))


def _own(session_id: int) -> OperatorSession:
    live = operator_sessions.sessions_of(operator().operator_id)
    found = next((each for each in live if each.id == session_id), None)
    if found is None:
        raise NotFound("session", session_id)
    return found
