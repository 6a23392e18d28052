"""The doors to everybody's sessions, for those who say who may sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.people.views import blueprint
from app.domain.permission import Permission
from app.queries import people as found
from app.services import people
from app.services.operator_sessions import session_lengths
from app.web.address import KEY
from app.web.device import describe
from app.web.guards import needs
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse


@blueprint.get("/sessions")
@needs(Permission.MANAGE_USERS)
def sessions_index() -> str:
    """Show where everybody is signed in."""
    live = [(each, describe(each.session.user_agent)) for each in found.live_sessions(session_lengths())]
    return render_template("people/sessions.html", live=live)


@blueprint.get(f"/sessions/<{KEY}:session_id>/endings/new")
@needs(Permission.MANAGE_USERS)
def new_ending(session_id: int) -> Response:
    """Ask once more before a session of somebody is ended."""
    return _asked(session_id, {}, {})


@blueprint.post(f"/sessions/<{KEY}:session_id>/endings")
@needs(Permission.MANAGE_USERS)
def create_ending(session_id: int) -> WerkzeugResponse:
    """End a session of somebody."""
    form = Typed(request.form)
    reason = form.reason()
    if form.faults:
        return _asked(session_id, request.form.to_dict(), form.faults)
    people.end_session(session_id, actor=acting(), reason=reason)
    flash(_("The session is ended; that browser must sign in again."))
    return see_other(url_for("people.sessions_index"))


def _asked(session_id: int, values: dict[str, str], faults: dict[str, str]) -> Response:
    chosen = found.live_session(session_id, session_lengths())
    response = render(
        "people/new_ending.html",
        "people/_ending.html",
        chosen=chosen,
        device=describe(chosen.session.user_agent),
        values=values,
        faults=faults,
    )
    response.status_code = 422 if faults else 200
    return response
