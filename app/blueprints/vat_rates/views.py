"""The doors to rates of value added tax."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.vat_rates.forms import EndingForm, RateForm
from app.domain.errors import Invalid
from app.domain.permission import Permission
from app.domain.tallinn import TALLINN
from app.domain.vat import RatesOverlap
from app.queries import administration
from app.queries import vat_rates as found
from app.services import vat_rates
from app.services.vat_rates import AlreadyEnded
from app.web.address import KEY
from app.web.administration import lines
from app.web.filters import day
from app.web.guards import needs
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.vat_words import CATEGORY, CODE, LATER, standing

if TYPE_CHECKING:
    from datetime import date

    from werkzeug.wrappers import Response as WerkzeugResponse

blueprint = Blueprint("vat_rates", __name__, url_prefix="/vat_rates")


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> str:
    """Show which rate holds now, held before and will hold, by code."""
    today = _today()
    rows = [(each, standing(each.valid_from, each.valid_to, today)) for each in found.history()]
    changes = administration.history(
        ("vat_rate.added", "vat_rate.corrected", "vat_rate.ended"), "vat_rate", [str(each.id) for each, _word in rows]
    )
    return render_template(
        "vat_rates/index.html",
        groups=[(code, list(rates)) for code, rates in groupby(rows, lambda row: row[0].code)],
        later=LATER,
        trail=lines(changes),
    )


@blueprint.get("/new")
@needs(Permission.MANAGE_SETTINGS)
def new() -> Response:
    """Ask for a new rate, of a code that may be there already; or for the right one, of a day that has not come."""
    code, first_day = (request.args.get(name, "")[:30] for name in ("code", "valid_from"))
    of_code = [each for each in found.history() if each.code == code]
    usual = of_code[0].category if of_code else "S"
    return _new({"code": code, "category": usual, "valid_from": first_day}, {})


@blueprint.post("")
@needs(Permission.MANAGE_SETTINGS)
def create() -> WerkzeugResponse:
    """Add a rate; the one it follows ends the day before."""
    form = RateForm(request.form)
    if form.faults:
        return _new(request.form.to_dict(), form.faults)
    try:
        added = vat_rates.add(form.rate, today=_today(), actor=acting(), reason=form.because)
    except Invalid:
        return _new(
            request.form.to_dict(), {"valid_from": _("Until today another rate holds: begin tomorrow or later")}
        )
    except RatesOverlap as refusal:
        return _new(request.form.to_dict(), {"valid_from": _overlaps(refusal)}, 409)
    if added.is_correction:
        flash(_("The rate is put right before its first day."))
    elif added.previous_ends_on is not None:
        flash(_("The rate is added. The one before ends on %(day)s.", day=day(added.previous_ends_on)))
    else:
        flash(_("The rate is added."))
    return see_other(url_for("vat_rates.index"))


@blueprint.get(f"/<{KEY}:rate_id>/endings/new")
@needs(Permission.MANAGE_SETTINGS)
def new_ending(rate_id: int) -> Response:
    """Ask for the last day of a rate."""
    return _new_ending(rate_id, {"valid_to": _today().isoformat()}, {})


@blueprint.post(f"/<{KEY}:rate_id>/endings")
@needs(Permission.MANAGE_SETTINGS)
def create_ending(rate_id: int) -> WerkzeugResponse:
    """End a rate."""
    form = EndingForm(request.form)
    last_day = form.day("valid_to")
    if form.faults or last_day is None:
        return _new_ending(rate_id, request.form.to_dict(), form.faults)
    try:
        vat_rates.end(rate_id, last_day, today=_today(), actor=acting(), reason=form.because)
    except Invalid:
        fault = _("Invoices were issued with this rate: its last day is today or later")
        return _new_ending(rate_id, request.form.to_dict(), {"valid_to": fault})
    except AlreadyEnded:
        return _new_ending(rate_id, request.form.to_dict(), {"valid_to": _("This rate has its last day already")}, 409)
    flash(_("The rate ends on %(day)s.", day=day(last_day)))
    return see_other(url_for("vat_rates.index"))


def _new(values: dict[str, str], faults: dict[str, str], status: int = 422) -> Response:
    response = render(
        "vat_rates/new.html", "vat_rates/_new.html", values=values, faults=faults, codes=CODE, categories=CATEGORY
    )
    response.status_code = status if faults else 200
    return response


def _new_ending(rate_id: int, values: dict[str, str], faults: dict[str, str], status: int = 422) -> Response:
    rate = found.one(rate_id)
    response = render("vat_rates/new_ending.html", "vat_rates/_ending.html", rate=rate, values=values, faults=faults)
    response.status_code = status if faults else 200
    return response


def _overlaps(refusal: RatesOverlap) -> str:
    since, until = refusal.data["since"], refusal.data["until"]
    if until is None:
        return _("Another rate of this code holds from %(since)s on", since=day(since))
    return _("Another rate of this code holds from %(since)s to %(until)s", since=day(since), until=day(until))


def _today() -> date:
    return datetime.now(UTC).astimezone(TALLINN).date()
