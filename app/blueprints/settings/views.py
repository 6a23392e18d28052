"""The doors to the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.settings.rows import by_group, environment, row_of
from app.domain.errors import Conflict, Invalid
from app.domain.permission import Permission
from app.domain.setting import Kind
from app.queries import administration
from app.services import settings
from app.web import setting_words
from app.web.administration import lines
from app.web.filters import decimal
from app.web.guards import fresh_login_first, needs
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
KINDS = ("setting.changed", "setting.undone")
# What a hidden field says for "no value": no value of a setting is this.
NONE = "\N{EMPTY SET}"


@blueprint.get("")
@needs(Permission.MANAGE_SETTINGS)
def index() -> str:
    """Show what may be set, what is, and what the environment says."""
    said = environment()
    number = sum(len(settings) for _part, settings in said)
    return render_template("settings/index.html", groups=by_group(), environment=said, number=number, none=NONE)


@blueprint.get("/<code>/edit")
@needs(Permission.MANAGE_SETTINGS)
def edit(code: str) -> Response:
    """Ask for the new value, beside what was set before and by whom."""
    row = row_of(settings.named(code).code)
    value = row.known.shown(row.kept)
    offered = decimal(value) if row.known.kind is Kind.MONEY else value
    return _edit(code, {"value": offered, "seen": _seen(row.kept)}, {})


@blueprint.post("/<code>")
@needs(Permission.MANAGE_SETTINGS)
@fresh_login_first
def update(code: str) -> WerkzeugResponse:
    """Set a value."""
    known = settings.named(code)
    form = Typed(request.form)
    value = form.value("value")
    try:
        known.parse(value)
    except Invalid:
        form.faults["value"] = setting_words.limits(known) or _("This does not look right")
    reason = form.reason()
    if not form.faults:
        try:
            settings.change(code, value, seen=_said(form), actor=acting(), reason=reason)
        except Conflict:
            return _edit(code, request.form.to_dict(), {"value": _changed()}, 409)
        else:
            flash(_("The setting is changed and counts from now on."))
            return see_other(url_for("settings.index"))
    return _edit(code, request.form.to_dict(), form.faults)


@blueprint.post("/<code>/undo")
@needs(Permission.MANAGE_SETTINGS)
@fresh_login_first
def undo(code: str) -> WerkzeugResponse:
    """Put the value before back."""
    try:
        settings.undo(code, seen=_said(Typed(request.form)), actor=acting())
    except Conflict:
        flash(_changed())
    else:
        flash(_("The value before is back and counts from now on."))
    return see_other(url_for("settings.index"))


def _edit(code: str, values: dict[str, str], faults: dict[str, str], status: int = 422) -> Response:
    row = row_of(code)
    response = render(
        "settings/edit.html",
        "settings/_edit.html",
        row=row,
        values=values,
        faults=faults,
        unit=setting_words.unit(row.known),
        limits=setting_words.limits(row.known),
        trail=lines(administration.history(KINDS, "setting", [code])),
    )
    response.status_code = status if faults else 200
    return response


def _seen(kept: str | None) -> str:
    return NONE if kept is None else kept


def _said(form: Typed) -> str | None:
    seen = form.value("seen")
    return None if seen == NONE else seen


def _changed() -> str:
    return _("Somebody changed this in the meantime. Look at the value again, then decide.")
