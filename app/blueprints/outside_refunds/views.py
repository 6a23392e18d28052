"""The doors to recording a transfer that gave money back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, flash, make_response, request, url_for

from app.blueprints.acting import acting
from app.blueprints.outside_refunds.forms import OutsideRefundForm
from app.domain.errors import Conflict
from app.domain.permission import Permission
from app.domain.refund import RefundStatus
from app.services import refund_offers
from app.services import refunds as verbs
from app.services.refunds import OtherOrder, RefundOrder
from app.web import typed
from app.web.address import KEY
from app.web.filters import money
from app.web.guards import needs, require_fresh_login
from app.web.htmx import render, see_other
from app.web.translation import translate as _

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.services.refund_offers import RefundOffer

blueprint = Blueprint("outside_refunds", __name__)


@blueprint.get(f"/invoices/<{KEY}:number>/outside-refunds/new")
@needs(Permission.REFUND)
def new(number: int) -> Response:
    """Ask which transfer gave money of an invoice back; say before what is booked."""
    offer = refund_offers.offer(number, acting())
    return _page(offer, OutsideRefundForm.empty(offer))


@blueprint.post(f"/invoices/<{KEY}:number>/outside-refunds")
@needs(Permission.REFUND)
def create(number: int) -> WerkzeugResponse:
    """Book the transfer, or have a second person agree to it; the same form sent again leads to the same refund."""
    offer = refund_offers.offer(number, acting())
    known = offer.asked_by(f"portal:{typed.key(request.form)}")
    if known is not None and typed.line(request.form, "bank_reference") == known.bank_reference:
        flash(_("This form was sent already: here is its refund. Nothing was booked twice."))
        return see_other(url_for("refunds.show", refund_id=known.id))
    form = OutsideRefundForm.parse(request.form, offer)
    if form.faults:
        return make_response(_page(offer, form), 422)
    require_fresh_login(form.amount_minor)
    order = RefundOrder(
        cast("int", form.payment),
        form.amount_minor,
        form.reason,
        f"portal:{form.key}",
        invoice_id=offer.invoice.id,
        made=form.made,
    )
    try:
        asked = verbs.request(order, actor=acting())
    except Conflict as conflict:
        fresh = refund_offers.offer(number, acting())
        _say_what_happened(conflict, fresh, form)
        form.key = typed.new_key()
        return make_response(_page(fresh, form), 409)
    amount = money(asked.amount.minor, asked.amount.currency)
    is_booked = asked.status == RefundStatus.SUCCEEDED
    flash(
        _("Booked: %(amount)s went back by bank transfer", amount=amount)
        if is_booked
        else _("Recorded: %(amount)s are booked once a second person agrees", amount=amount)
    )
    return see_other(url_for("refunds.show", refund_id=asked.id))


def _page(offer: RefundOffer, form: OutsideRefundForm) -> Response:
    return render("outside_refunds/new.html", "outside_refunds/_new.html", offer=offer, form=form)


def _say_what_happened(conflict: Conflict, offer: RefundOffer, form: OutsideRefundForm) -> None:
    part = offer.returnable_part(form.payment)
    if isinstance(conflict, OtherOrder):
        form.faults["amount"] = _("This form was sent before with something else in it: look at the refunds below")
    elif conflict.code == "refund_reference_used":
        form.faults["bank_reference"] = _("This transfer stands in the books already: look at the refunds below")
    elif part is None:
        form.faults["amount"] = _("Somebody else was faster: nothing is left to give back")
    else:
        left = money(part.of.left_minor, part.payment.currency)
        form.faults["amount"] = _("Somebody else was faster: only %(left)s is left to give back", left=left)
