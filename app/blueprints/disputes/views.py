"""The doors to disputes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Response, abort, flash, make_response, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.disputes.forms import DisputeForm, disputable
from app.blueprints.disputes.steps import STEPS, Step, effect, possible
from app.blueprints.disputes.story import answer, left, story
from app.domain.dispute import DisputeStatus
from app.domain.permission import Permission
from app.queries import disputes
from app.queries.paging import Cursor
from app.services import disputes as verbs
from app.services import refund_offers
from app.services.dispute_transitions import DisputeRefused
from app.services.form_submissions import once_per_form
from app.web import typed
from app.web.address import KEY
from app.web.confirmation import Confirmation, ConfirmationForm, confirm
from app.web.filters import money
from app.web.guards import needs, operator, require_fresh_login
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.unknown_parameters import misread_words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.queries.disputes import DisputeDetail
    from app.services.refund_offers import RefundOffer

blueprint = Blueprint("disputes", __name__)


@blueprint.get("/disputes")
@needs(Permission.VIEW)
def index() -> Response:
    """Show what is open with its deadline, or what ended."""
    cursor = Cursor.parse(request.args.get("after", ""))
    over = bool(request.args.get("ended")) or cursor is not None
    page = disputes.ended(cursor) if over else None
    rows = page.rows if page else disputes.open_ones()
    return render(
        "disputes/index.html",
        "disputes/_rows.html" if cursor else "disputes/_results.html",
        rows=[(row, left(row.dispute)) for row in rows],
        page=page,
        cursor=cursor,
        left_out=[] if cursor else misread_words(request.args, {"ended"}, {}),
    )


@blueprint.get(f"/disputes/<{KEY}:dispute_id>")
@needs(Permission.VIEW)
def show(dispute_id: int) -> str:
    """Show one dispute: where it stands, its story, and what may be done."""
    found = disputes.detail(dispute_id)
    return render_template(
        "disputes/show.html",
        found=found,
        answer=answer(found),
        story=story(found),
        left=left(found.dispute),
        steps=[(name, step.label(), step.bad) for name, step in possible(found)],
    )


@blueprint.get(f"/disputes/<{KEY}:dispute_id>/steps/new")
@needs(Permission.MANAGE_DISPUTES)
def new_step(dispute_id: int) -> Response:
    """Say what a step does before it is taken, and ask what is known."""
    found = disputes.detail(dispute_id)
    name, step = _step(request.args.get("step", ""))
    return confirm(_question(found, name, step, ConfirmationForm()))


@blueprint.post(f"/disputes/<{KEY}:dispute_id>/steps")
@needs(Permission.MANAGE_DISPUTES)
def create_step(dispute_id: int) -> WerkzeugResponse:
    """Take a step; whoever is second learns where the dispute stands."""
    found = disputes.detail(dispute_id)
    name, step = _step(request.form.get("step", ""))
    form = ConfirmationForm.parse()
    if form.faults:
        return confirm(_question(found, name, step, form))
    if step.to is DisputeStatus.LOST:
        require_fresh_login(found.dispute.amount_minor)
    try:
        step.take(dispute_id, acting(), form.reason)
    except DisputeRefused:
        flash(_("Nothing was changed: the dispute moved on in the meantime. This is where it stands."))
    else:
        flash(_("Noted: %(step)s", step=step.label()))
    return see_other(url_for("disputes.show", dispute_id=dispute_id))


@blueprint.get(f"/invoices/<{KEY}:number>/disputes/new")
@needs(Permission.OPEN_DISPUTE)
def new(number: int) -> Response:
    """Ask what the payer's bank wants, as the gateway's portal shows it."""
    offer = refund_offers.offer(number, acting())
    return _form(offer, DisputeForm.empty(offer))


@blueprint.post(f"/invoices/<{KEY}:number>/disputes")
@needs(Permission.OPEN_DISPUTE)
def create(number: int) -> WerkzeugResponse:
    """Open a dispute; a second click on one form finds the first."""
    said = {name: typed.line(request.form, name) for name in ("payment", "amount", "due", "reason")}
    key = typed.key(request.form)
    try:
        made = once_per_form(
            operator().operator_id, "disputes.create", key, said | {"invoice": number}, partial(_open, number)
        )
    except NotYet as wrong:
        return make_response(_form(wrong.offer, wrong.form), 422)
    except DisputeRefused:
        offer = refund_offers.offer(number, acting())
        form = DisputeForm.parse(request.form, offer)
        form.faults["payment"] = _("Somebody else was faster: the payment is disputed already, or given back")
        return make_response(_form(offer, form), 409)
    flash(_("The dispute is open: %(amount)s cannot be refunded until it ends", amount=said["amount"]))
    return see_other(url_for("disputes.show", dispute_id=made.body["dispute"]))


class NotYet(Exception):
    """What was sent cannot be a dispute yet; nothing was done."""

    def __init__(self, offer: RefundOffer, form: DisputeForm) -> None:
        super().__init__()
        self.offer = offer
        self.form = form


def _open(number: int) -> dict[str, Any]:
    offer = refund_offers.offer(number, acting())
    form = DisputeForm.parse(request.form, offer)
    if form.faults:
        raise NotYet(offer, form)
    made = verbs.open_dispute(
        cast("int", form.payment),
        form.amount_minor,
        reason=form.reason,
        actor=acting(),
        invoice_id=offer.invoice.id,
        evidence_due_on=form.due_on,
    )
    return {"dispute": made}


def _form(offer: RefundOffer, form: DisputeForm) -> Response:
    return render("disputes/new.html", "disputes/_new.html", offer=offer, form=form, parts=disputable(offer))


def _step(name: str) -> tuple[str, Step]:
    if name not in STEPS:
        abort(404)
    return name, STEPS[name]


def _question(found: DisputeDetail, name: str, step: Step, form: ConfirmationForm) -> Confirmation:
    here = url_for("disputes.show", dispute_id=found.dispute.id)
    taken = step not in [each for _name, each in possible(found)]
    return Confirmation(
        title=step.question(money(found.dispute.amount_minor, found.dispute.currency)),
        action=url_for("disputes.create_step", dispute_id=found.dispute.id),
        back=here,
        send=step.label(),
        warning=_("The dispute has moved on: this step is not possible any more") if taken else "",
        bad=step.bad,
        sentences=tuple(effect(found, step)),
        facts=((_("Payer"), found.invoice.customer_name), (_("Invoice"), str(found.invoice.number))),
        hidden=(("step", name),),
        form=form,
    )
