"""The doors to comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.comparisons.plan import plan
from app.domain.permission import Permission
from app.integrations import current
from app.queries import comparisons
from app.queries.paging import Cursor
from app.services import repairs
from app.services.repairs import DifferenceClosed
from app.web import comparison_words
from app.web.address import KEY
from app.web.confirmation import ConfirmationForm, confirm
from app.web.guards import needs
from app.web.htmx import render, see_other
from app.web.pair_words import pairs
from app.web.translation import translate as _
from app.web.translation import translate_later
from app.web.unknown_parameters import misread_words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.config import Settings

blueprint = Blueprint("comparisons", __name__, url_prefix="/comparisons")
# What the field of the filter is called.
FIELD = {"kind": translate_later("Why")}


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show what differs, the oldest first, with the money at stake, and the latest nights."""
    kinds = [kind for kind in comparison_words.DIFFERENCE if kind in request.args.getlist("kind")]
    cursor = Cursor.parse(request.args.get("after", ""))
    return render(
        "comparisons/index.html",
        "comparisons/_rows.html" if cursor else "comparisons/_results.html",
        address=None if cursor else url_for("comparisons.index", kind=kinds),
        found=comparisons.search(kinds, cursor),
        stakes=comparisons.at_stake(),
        nights=comparisons.latest(),
        kinds=kinds,
        choices=[(str(kind), str(word.label)) for kind, word in comparison_words.DIFFERENCE.items()],
        cursor=cursor,
        left_out=[] if cursor else misread_words(request.args, {"kind"} if kinds else (), FIELD),
    )


@blueprint.get(f"/<{KEY}:difference_id>")
@needs(Permission.VIEW)
def show(difference_id: int) -> str:
    """Show one difference: both books side by side, and what to do."""
    found = comparisons.detail(difference_id)
    meaning = comparison_words.MEANING[found.difference.kind]
    return render_template("comparisons/show.html", found=found, pairs=pairs(found.difference), meaning=meaning)


@blueprint.get(f"/<{KEY}:difference_id>/repairs/new")
@needs(Permission.RECONCILE)
def new_repair(difference_id: int) -> WerkzeugResponse:
    """Ask the gateway now, write nothing, and say what mending would do."""
    try:
        rehearsal = repairs.rehearse(difference_id, current().everypay)
    except DifferenceClosed:
        return _mended_already(difference_id)
    return confirm(plan(comparisons.detail(difference_id), rehearsal, ConfirmationForm()))


@blueprint.post(f"/<{KEY}:difference_id>/repairs")
@needs(Permission.RECONCILE)
def create_repair(difference_id: int) -> WerkzeugResponse:
    """Book what the gateway says, and close the difference when both agree then."""
    form = ConfirmationForm.parse()
    settings: Settings = current_app.extensions["settings"]
    try:
        if form.faults:
            rehearsal = repairs.rehearse(difference_id, current().everypay)
            return confirm(plan(comparisons.detail(difference_id), rehearsal, form))
        agrees = repairs.repair(
            difference_id, current().everypay, settings.payment_poll_ladder_s, actor=acting(), reason=form.reason
        )
    except DifferenceClosed:
        return _mended_already(difference_id)
    flash(_("Mended: both books agree") if agrees else _("They still differ: looking again does not mend this one"))
    return see_other(url_for("comparisons.show", difference_id=difference_id))


def _mended_already(difference_id: int) -> WerkzeugResponse:
    flash(_("It is mended already: nothing was changed"))
    return see_other(url_for("comparisons.show", difference_id=difference_id))
