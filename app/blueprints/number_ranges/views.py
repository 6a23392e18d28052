"""The doors to number ranges: how full they are, when they end, and the range that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.domain.permission import Permission
from app.queries import administration
from app.queries.number_ranges import series, waits
from app.services import number_ranges
from app.services.number_ranges import HIGHEST_NUMBER, KINDS, MOST
from app.web.administration import lines
from app.web.guards import fresh_login_first, needs
from app.web.htmx import render, see_other
from app.web.range_words import ALARM, KIND, ends
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

blueprint = Blueprint("number_ranges", __name__, url_prefix="/number-ranges")
EVENTS = ("number_range.added", "number_range.followed")


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> str:
    """Show every kind of number with its ranges."""
    return render_template(
        "number_ranges/index.html",
        series=series(),
        kinds=KIND,
        alarms=ALARM,
        ends=ends,
        waits=waits,
        trail=lines(administration.history(EVENTS, "range", KINDS)),
    )


@blueprint.get("/new")
@needs(Permission.MANAGE_SETTINGS)
def new() -> Response:
    """Ask which numbers follow."""
    kind = request.args.get("kind", "invoice")
    return _new({"kind": kind if kind in KINDS else "invoice"}, {})


@blueprint.post("")
@needs(Permission.MANAGE_SETTINGS)
@fresh_login_first
def create() -> WerkzeugResponse:
    """Add a range that follows."""
    form = Typed(request.form)
    kind, reason = form.choice("kind", KINDS), form.reason()
    first, last = (form.whole(name, least=1, most=HIGHEST_NUMBER) for name in ("first", "last"))
    for name, number in (("first", first), ("last", last)):
        if number is None:
            form.faults.setdefault(name, _("This is needed"))
    if first and last and not first <= last < first + MOST:
        form.faults["last"] = _("Not below the first, and at most %(most)s numbers in all", most=f"{MOST:,}")
    if form.faults or first is None or last is None:
        return _new(request.form.to_dict(), form.faults)
    try:
        number_ranges.add(kind, first, last, actor=acting(), reason=reason)
    except number_ranges.Overlap:
        fault = _("Some of these numbers belong to another range, or are on an invoice already")
        return _new(request.form.to_dict(), {"first": fault}, 409)
    flash(_("The range waits; it is used when the one before it is full."))
    return see_other(url_for("number_ranges.index"))


def _new(values: dict[str, str], faults: dict[str, str], status: int = 422) -> Response:
    response = render(
        "number_ranges/new.html", "number_ranges/_new.html", values=values, faults=faults, kinds=KIND, series=series()
    )
    response.status_code = status if faults else 200
    return response
