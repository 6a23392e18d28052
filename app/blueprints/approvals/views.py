"""The doors to what waits for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.approvals.decision import Choice, Decision, chosen, decide, read, sums
from app.domain.permission import Permission
from app.queries import actors, refunds
from app.web import typed
from app.web.guards import needs, require_fresh_login
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

blueprint = Blueprint("approvals", __name__, url_prefix="/approvals")


@blueprint.get("")
@needs(Permission.APPROVE)
def index() -> str:
    """Show the queue, the oldest first."""
    page = refunds.to_approve()
    return render_template(
        "approvals/index.html",
        page=page,
        total=sums(page.rows),
        me=str(acting()),
        names=actors.names(row.requested_by for row in page.rows),
    )


@blueprint.get("/new")
@needs(Permission.APPROVE)
def new() -> Response:
    """Say what deciding about the chosen refunds would do, and ask why."""
    return _ask(chosen(request.args.getlist("refund"), acting()), read(request.args.get("decision", "")), {})


@blueprint.post("")
@needs(Permission.APPROVE)
def create() -> WerkzeugResponse:
    """Decide; whoever was second learns who was first."""
    decision = read(request.form.get("decision", ""))
    choices = chosen(request.form.getlist("refund"), acting())
    faults: dict[str, str] = {}
    reason = typed.reason(request.form, faults)
    if not choices:
        faults["refund"] = _("Choose at least one refund")
    if faults:
        return make_response(_ask(choices, decision, faults, reason), 422)
    if decision is Decision.APPROVE:
        require_fresh_login(sum(each.row.amount_minor for each in choices if not each.obstacle))
    results = decide(choices, decision, reason, acting())
    done = [each.row for each in results if not each.obstacle]
    if len(done) < len(results):
        return make_response(
            render_template("approvals/results.html", results=results, decision=decision, total=sums(done)), 409
        )
    flash(_said(decision, len(done), sums(done)))
    return see_other(url_for("approvals.index"))


def _ask(choices: list[Choice], decision: Decision, faults: dict[str, str], reason: str = "") -> Response:
    free = [each.row for each in choices if not each.obstacle]
    return render(
        "approvals/new.html",
        "approvals/_new.html",
        choices=choices,
        free=free,
        total=sums(free),
        decision=decision,
        faults=faults,
        reason=reason,
    )


def _said(decision: Decision, number: int, total: str) -> str:
    if decision is Decision.APPROVE:
        return ngettext(
            "Agreed: %(num)d refund of %(total)s leaves now",
            "Agreed: %(num)d refunds of together %(total)s leave now",
            number,
            total=total,
        )
    return ngettext(
        "Not agreed: %(num)d refund of %(total)s does not leave",
        "Not agreed: %(num)d refunds of together %(total)s do not leave",
        number,
        total=total,
    )
