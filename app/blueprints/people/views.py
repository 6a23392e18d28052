"""The doors to people: who may sign in, as what, until when; and their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.people.forms import AccessForm, sealed, shown
from app.domain.errors import Conflict, Invalid
from app.domain.permission import Permission
from app.queries import people as found
from app.services import people
from app.services.operator_sessions import session_lengths
from app.web.address import KEY
from app.web.administration import lines
from app.web.device import describe
from app.web.guards import fresh_login_first, needs
from app.web.htmx import render, see_other
from app.web.roles import ROLE
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.get("")
@needs(Permission.MANAGE_USERS)
def index() -> str:
    """Show who may sign in, or who may not any more."""
    removed = request.args.get("removed") == "1"
    return render_template(
        "people/index.html", people=found.listed(session_lengths(), removed=removed), removed=removed
    )


@blueprint.get(f"/<{KEY}:white_code_id>")
@needs(Permission.MANAGE_USERS)
def show(white_code_id: int) -> str:
    """Show one person: what they may, where they are signed in, what was decided about them."""
    person = found.one(white_code_id, session_lengths())
    live = [(each, describe(each.session.user_agent)) for each in found.live_sessions(session_lengths(), white_code_id)]
    return render_template(
        "people/show.html", person=person, live=live, trail=lines(found.history(person)), role=ROLE[person.code.role]
    )


@blueprint.get("/new")
@needs(Permission.MANAGE_USERS)
def new() -> Response:
    """Ask whom to let in."""
    return _new({"subject": request.args.get("subject", "")[:256], "role": "viewer"}, {})


@blueprint.post("")
@needs(Permission.MANAGE_USERS)
@fresh_login_first
def create() -> WerkzeugResponse:
    """Let somebody in."""
    form = AccessForm(request.form)
    subject = form.subject()
    if not form.faults:
        try:
            added = people.add(subject, form.access, actor=acting(), reason=form.because)
        except people.AlreadyListed:
            form.faults["subject"] = _("This person has access already")
        except Invalid:
            form.faults["subject"] = _("Write the country and the code together, such as EE60001019906")
        else:
            flash(_("%(name)s may sign in now.", name=form.name))
            return see_other(url_for("people.show", white_code_id=added))
    return _new(request.form.to_dict(), form.faults)


@blueprint.get(f"/<{KEY}:white_code_id>/edit")
@needs(Permission.MANAGE_USERS)
def edit(white_code_id: int) -> Response:
    """Ask what somebody may be from now on."""
    person = found.one(white_code_id, session_lengths())
    access = people.access_of(person.code)
    return _edit(person, {**shown(access), "name": access.name or person.name, "seen": sealed(access)}, {})


@blueprint.post(f"/<{KEY}:white_code_id>")
@needs(Permission.MANAGE_USERS)
@fresh_login_first
def update(white_code_id: int) -> WerkzeugResponse:
    """Change what somebody may be; it counts from their next request on."""
    person = found.one(white_code_id, session_lengths())
    form = AccessForm(request.form)
    seen = form.seen()
    if form.faults or seen is None:
        return _edit(person, request.form.to_dict(), form.faults or {"seen": _("Reload the page and try again.")})
    try:
        people.change(white_code_id, form.access, seen=seen, actor=acting(), reason=form.because)
    except Conflict as refusal:
        return _edit(person, request.form.to_dict(), {"role": _why(refusal)}, 409)
    flash(_("The access is changed. It counts from the next click on."))
    return see_other(url_for("people.show", white_code_id=white_code_id))


@blueprint.get(f"/<{KEY}:white_code_id>/revocations/new")
@needs(Permission.MANAGE_USERS)
def new_revocation(white_code_id: int) -> Response:
    """Ask once more before somebody is shut out, and say what ends with it."""
    return _new_revocation(white_code_id, {}, {})


@blueprint.post(f"/<{KEY}:white_code_id>/revocations")
@needs(Permission.MANAGE_USERS)
@fresh_login_first
def create_revocation(white_code_id: int) -> WerkzeugResponse:
    """Shut somebody out and end their sessions at once."""
    form = Typed(request.form)
    reason = form.reason()
    if form.faults:
        return _new_revocation(white_code_id, request.form.to_dict(), form.faults)
    try:
        ended = people.revoke(white_code_id, actor=acting(), reason=reason)
    except Conflict as refusal:
        return _new_revocation(white_code_id, request.form.to_dict(), {"reason": _why(refusal)}, 409)
    flash(
        ngettext(
            "The access is taken away. %(num)s session was ended.",
            "The access is taken away. %(num)s sessions were ended.",
            ended,
        )
    )
    return see_other(url_for("people.show", white_code_id=white_code_id))


def _new(values: dict[str, str], faults: dict[str, str]) -> Response:
    response = render("people/new.html", "people/_new.html", values=values, faults=faults, roles=ROLE)
    response.status_code = 422 if faults else 200
    return response


def _edit(person: found.Person, values: dict[str, str], faults: dict[str, str], status: int = 422) -> Response:
    response = render("people/edit.html", "people/_edit.html", person=person, values=values, faults=faults, roles=ROLE)
    response.status_code = status if faults else 200
    return response


def _new_revocation(white_code_id: int, values: dict[str, str], faults: dict[str, str], status: int = 422) -> Response:
    person = found.one(white_code_id, session_lengths())
    response = render(
        "people/new_revocation.html", "people/_revocation.html", person=person, values=values, faults=faults
    )
    response.status_code = status if faults else 200
    return response


def _why(refusal: Conflict) -> str:
    """Return in words why this cannot be, and what to do."""
    if isinstance(refusal, people.OwnAccess):
        return _("Nobody changes their own access. Ask another administrator.")
    if isinstance(refusal, people.LastKeeper):
        return _("One administrator without a last day must stay, or nobody could let people in. Name another first.")
    return _("Somebody changed this in the meantime. Look at the person again, then decide.")
