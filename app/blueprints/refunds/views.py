"""The doors to refunds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, flash, make_response, render_template, request, stream_with_context, url_for

from app.blueprints.acting import acting
from app.blueprints.refunds.filter_bar import FIELD, file_words, filter_bar
from app.blueprints.refunds.forms import FORMER_NAMES, RefundForm, as_query, parse_filter
from app.blueprints.refunds.story import answer, story
from app.domain.errors import Conflict, Invalid
from app.domain.permission import Permission
from app.domain.refund import WAITING
from app.domain.tallinn import TALLINN
from app.queries import invoices, refunds
from app.queries.paging import Cursor
from app.services import refund_exports, refund_offers
from app.services import refunds as verbs
from app.services.refunds import OtherOrder, RefundOrder
from app.web import typed
from app.web.address import KEY
from app.web.filters import money
from app.web.guards import needs, operator, require_fresh_login
from app.web.htmx import render, see_other
from app.web.invoice_parameters import in_todays_names
from app.web.limits import EXPORTS, check
from app.web.translation import translate as _
from app.web.unknown_parameters import misread, misread_words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.services.refund_offers import RefundOffer

blueprint = Blueprint("refunds", __name__)


@blueprint.get("/refunds")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the list, or only its rows."""
    services, gateways = invoices.services(), refunds.gateways()
    wanted = parse_filter(request.args, services, gateways)
    cursor = Cursor.parse(request.args.get("after", ""))
    query = as_query(wanted)
    found = refunds.search(wanted, cursor)
    return render(
        "refunds/index.html",
        "refunds/_rows.html" if cursor else "refunds/_results.html",
        address=None if cursor else url_for("refunds.index", **query),
        page=found,
        bar=filter_bar(services, gateways, found, wanted),
        wanted=wanted,
        query=query,
        cursor=cursor,
        left_out=[] if cursor else misread_words(in_todays_names(request.args, FORMER_NAMES), query, FIELD),
    )


@blueprint.post("/refunds/exports")
@needs(Permission.EXPORT)
def create_export() -> Response:
    """Send what the list shows as CSV, after writing down who took it. Raises Invalid for a filter that is none."""
    said = in_todays_names(request.form, FORMER_NAMES)
    wanted = parse_filter(said, invoices.services(), refunds.gateways())
    for name in misread(said, as_query(wanted)):
        raise Invalid.field(name, _("is not understood, and without it more would be meant than you see"))
    check(EXPORTS, str(operator().session_id))
    pieces = refund_exports.stream(wanted, as_query(wanted), file_words(), operator_id=operator().operator_id)
    response = Response(stream_with_context(pieces), content_type="text/csv; charset=utf-8")
    name = f"refunds-{datetime.now(UTC).astimezone(TALLINN):%Y-%m-%d-%H%M}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get(f"/refunds/<{KEY}:refund_id>")
@needs(Permission.VIEW)
def show(refund_id: int) -> str:
    """Show one refund: where it stands, its story, and what may be done about it."""
    found = refunds.detail(refund_id)
    return render_template(
        "refunds/show.html",
        found=found,
        answer=answer(found),
        story=story(found),
        can_withdraw=found.refund.status in WAITING,
        is_own=found.refund.requested_by == str(acting()),
    )


@blueprint.get(f"/invoices/<{KEY}:number>/refunds/new")
@needs(Permission.REFUND)
def new(number: int) -> Response:
    """Ask how much of an invoice goes back, to whom and why; say before what will happen."""
    offer = refund_offers.offer(number, acting())
    return render("refunds/new.html", "refunds/_new.html", offer=offer, form=RefundForm.empty(offer))


@blueprint.post(f"/invoices/<{KEY}:number>/refunds")
@needs(Permission.REFUND)
def create(number: int) -> WerkzeugResponse:
    """Ask for the refund; the same form sent again leads to the same refund."""
    offer = refund_offers.offer(number, acting())
    known = _sent_before(offer)
    if known is not None:
        flash(_("This form was sent already: here is its refund. Nothing was asked for twice."))
        return see_other(url_for("refunds.show", refund_id=known))
    form = RefundForm.parse(request.form, offer)
    if form.faults:
        return _again(offer, form, 422)
    require_fresh_login(form.amount_minor)
    order = RefundOrder(
        cast("int", form.payment), form.amount_minor, form.reason, f"portal:{form.key}", invoice_id=offer.invoice.id
    )
    try:
        asked = verbs.request(order, actor=acting())
    except Conflict as conflict:
        fresh = refund_offers.offer(number, acting())
        form.faults["amount"] = _what_happened(conflict, fresh, form)
        form.key = typed.new_key()
        return _again(fresh, form, 409)
    flash(_("Asked for: %(amount)s go back", amount=money(asked.amount.minor, asked.amount.currency)))
    return see_other(url_for("refunds.show", refund_id=asked.id))


@blueprint.get(f"/refunds/<{KEY}:refund_id>/withdrawals/new")
@needs(Permission.REFUND)
def new_withdrawal(refund_id: int) -> Response:
    """Ask why a refund that has not left is taken back."""
    found = refunds.detail(refund_id)
    return render("refunds/new_withdrawal.html", "refunds/_withdrawal.html", found=found, reason="", faults={})


@blueprint.post(f"/refunds/<{KEY}:refund_id>/withdrawals")
@needs(Permission.REFUND)
def create_withdrawal(refund_id: int) -> WerkzeugResponse:
    """Take a refund back that has not left."""
    found = refunds.detail(refund_id)
    faults: dict[str, str] = {}
    reason = typed.reason(request.form, faults)
    if faults:
        page = render(
            "refunds/new_withdrawal.html", "refunds/_withdrawal.html", found=found, reason=reason, faults=faults
        )
        return make_response(page, 422)
    try:
        verbs.withdraw(refund_id, actor=acting(), reason=reason)
    except Conflict:
        flash(_("It could not be withdrawn: it was decided or sent in the meantime. This is where it stands."))
    else:
        flash(_("Withdrawn: nothing leaves"))
    return see_other(url_for("refunds.show", refund_id=refund_id))


def _sent_before(offer: RefundOffer) -> int | None:
    """Return the refund that the same form, with the same values, was sent for before."""
    key = f"portal:{typed.key(request.form)}"
    same = offer.asked_by(key)
    if same is None or typed.amount(request.form.get("amount", ""), same.currency) != same.amount_minor:
        return None
    return same.id


def _what_happened(conflict: Conflict, offer: RefundOffer, form: RefundForm) -> str:
    part = offer.part(form.payment)
    if isinstance(conflict, OtherOrder):
        return _(
            "This form was sent before with another amount: look at the refunds below before you send a second one"
        )
    if part is None:
        return _("Somebody else was faster: nothing is left to give back")
    left = money(part.of.left_minor, part.payment.currency)
    return _("Somebody else was faster: only %(left)s is left to give back", left=left)


def _again(offer: RefundOffer, form: RefundForm, status: int) -> Response:
    return make_response(render("refunds/new.html", "refunds/_new.html", offer=offer, form=form), status)
