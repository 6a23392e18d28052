"""The doors to what was proven of the books."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, Response, flash, render_template, request, url_for

from app.domain.permission import Permission
from app.queries import actors, anchors, proofs
from app.services import proof_runs
from app.services.proof_runs import UnderWay
from app.services.timeline import Actor
from app.web.address import KEY
from app.web.guards import needs, operator
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.queries.proofs import Run

blueprint = Blueprint("proofs", __name__, url_prefix="/proofs")


class Verdict(NamedTuple):
    """How a run ended, in a sentence."""

    tone: str
    headline: str
    rest: str


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the last run, or an older one: every check with its result; while it runs the page looks by itself."""
    runs = proofs.runs()
    wanted = request.args.get("run", "")
    run = next((each for each in runs if str(each.id) == wanted), runs[0] if runs else None)
    return render(
        "proofs/index.html",
        "proofs/_results.html",
        run=run,
        runs=runs,
        results=proofs.results(run.id) if run else [],
        people=actors.names(each.asked_by for each in runs),
        verdict=_verdict(run) if run else None,
        is_under_way=_is_under_way(runs),
        anchors=anchors.last(),
    )


@blueprint.get(f"/<{KEY}:result_id>")
@needs(Permission.VIEW)
def show(result_id: int) -> str:
    """Show one result with the rows that contradict it."""
    return render_template("proofs/show.html", found=proofs.result(result_id))


@blueprint.post("/runs")
@needs(Permission.MANAGE_JOBS)
def create_run() -> WerkzeugResponse:
    """Check everything now, in the background; while a check is under way this is that one."""
    try:
        proof_runs.ask(by=Actor("operator", str(operator().operator_id)))
        flash(_("The books are being checked; the results appear here as they come."))
    except UnderWay:
        flash(_("A check is under way already; its results appear here as they come."))
    return see_other(url_for("proofs.index"))


def _is_under_way(runs: Sequence[Run]) -> bool:
    return any(each.finished_at is None for each in runs)


def _verdict(run: Run) -> Verdict:
    if run.broken:
        headline = ngettext("%(num)d check is broken.", "%(num)d checks are broken.", run.broken)
        return Verdict("bad", headline, _("Stop outgoing money, leave the database as it is, and open what is broken."))
    if run.finished_at is None:
        done = run.many - run.waiting
        return Verdict("wait", _("Being checked: %(done)d of %(many)d.", done=done, many=run.many), "")
    if run.failed:
        headline = ngettext("%(num)d check could not be made.", "%(num)d checks could not be made.", run.failed)
        return Verdict("warn", headline, _("That proves nothing: run billing verify on the server."))
    return Verdict("good", _("Everything holds: %(many)d checks.", many=run.many), "")
