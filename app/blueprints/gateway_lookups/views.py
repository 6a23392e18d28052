"""The doors to a look at the gateway: ask, see both sides, and queue the ordinary look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for

from app.blueprints.gateway_lookups.sides import compare
from app.domain.covering import cover_text
from app.domain.errors import Invalid, Outcome, ProviderFailure
from app.domain.permission import Permission
from app.integrations import current
from app.services import gateway_lookups, manual_refresh
from app.services.timeline import Actor
from app.web.guards import needs, operator
from app.web.htmx import see_other
from app.web.limits import LOOK_UPS, check
from app.web.masking import pretty
from app.web.translation import translate as _

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.services.gateway_lookups import Lookup

blueprint = Blueprint("gateway_lookups", __name__, url_prefix="/gateway-lookups")
SHORTEST, LONGEST = 8, 80


@blueprint.get("/new")
@needs(Permission.MANAGE_JOBS)
def new() -> str:
    """Ask which payment to look up."""
    return render_template("gateway_lookups/new.html", reference=request.args.get("reference", "")[:LONGEST], faults={})


@blueprint.post("")
@needs(Permission.MANAGE_JOBS)
def create() -> Response:
    """Fetch the payment and show what the gateway says beside what we hold; nothing else changes."""
    reference = request.form.get("reference", "").strip()[: LONGEST + 1]
    fault = _fault(reference)
    if fault:
        faults = {"reference": fault}
        return make_response(render_template("gateway_lookups/new.html", reference=reference, faults=faults), 422)
    check(LOOK_UPS, str(operator().operator_id))
    found = gateway_lookups.look_up(reference, current().everypay, by=_who())
    return make_response(
        render_template(
            "gateway_lookups/new.html",
            reference=reference,
            faults={},
            found=found,
            lines=compare(found),
            verdict=_verdict(found),
            raw=pretty(found.fetched.raw) if found.fetched else "",
        )
    )


@blueprint.post("/looks")
@needs(Permission.MANAGE_JOBS)
def create_look() -> WerkzeugResponse:
    """Queue the ordinary look, which fetches by itself and takes over what it may."""
    reference = request.form.get("reference", "").strip()[: LONGEST + 1]
    fault = _fault(reference)
    if fault:
        raise Invalid.field("reference", fault)
    manual_refresh.ask(current().everypay.name, reference, by=_who())
    flash(_("The ordinary look is queued; what it finds stands on the invoice in a moment."))
    return see_other(url_for("gateway_lookups.new", reference=reference))


def _fault(reference: str) -> str | None:
    is_one = reference.isascii() and reference.isalnum() and SHORTEST <= len(reference) <= LONGEST
    return None if is_one else _("A payment reference is 8 to 80 letters and digits")


def _who() -> Actor:
    return Actor("operator", str(operator().operator_id))


def _verdict(found: Lookup) -> tuple[str, str, str]:
    """Return the answer in a sentence: tone, headline, rest."""
    if found.failure is not None:
        return _no_answer(found.failure)
    if found.payment is None:
        return "warn", _("The gateway knows this payment, we do not."), _("Take it over, and it is looked into.")
    differing = [line.name for line in compare(found) if line.agrees is False]
    if differing:
        names = ", ".join(differing)
        return "bad", _("The two sides differ: %(names)s.", names=names), _("Take this over to look again.")
    return "good", _("Both sides agree."), ""


def _no_answer(failure: ProviderFailure) -> tuple[str, str, str]:
    if failure.outcome is Outcome.REFUSED and failure.permanent:
        return "warn", _("The gateway does not know this reference."), cover_text(failure.detail)
    return "bad", _("The gateway does not answer at the moment."), _("Try again in a minute.")
