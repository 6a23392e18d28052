"""The doors to money that was over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.credits.plans import give_back, taken_minor, target_of, use
from app.domain.errors import Conflict, NotFound
from app.domain.permission import Permission
from app.queries import credits as credit_queries
from app.queries import references
from app.queries.paging import Cursor
from app.services import payer_credits
from app.web.address import KEY
from app.web.confirmation import ConfirmationForm, confirm
from app.web.filters import money
from app.web.guards import needs, require_fresh_login
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.translation import translate_later
from app.web.unknown_parameters import misread_words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

blueprint = Blueprint("credits", __name__, url_prefix="/credits")
LONGEST_NUMBER = 18
# What the field of the filter is called.
FIELD = {"reference": translate_later("Reference number")}


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show what is still there, newest first; with a reference number only what is its owner's."""
    cursor = Cursor.parse(request.args.get("after", ""))
    reference = request.args.get("reference", "").strip()
    owner = references.owner_of(reference) if reference and reference.isprintable() else None
    return render(
        "credits/index.html",
        "credits/_rows.html" if cursor else "credits/_results.html",
        page=credit_queries.left(cursor, account_id=owner.id if owner else None),
        cursor=cursor,
        owner=owner,
        reference=reference if owner else None,
        left_out=[] if cursor else misread_words(request.args, ["reference"] if owner else (), FIELD),
    )


@blueprint.get(f"/<{KEY}:surplus_id>")
@needs(Permission.VIEW)
def show(surplus_id: int) -> str:
    """Show what was over, both payments, what became of it, and what may be done with the rest."""
    found = credit_queries.detail(surplus_id)
    offer = payer_credits.offer(surplus_id)
    return render_template("credits/show.html", found=found, offer=offer, taken_minor=taken_minor)


@blueprint.get(f"/<{KEY}:surplus_id>/uses/new")
@needs(Permission.ADJUST_CREDITS)
def new_use(surplus_id: int) -> Response:
    """Say what using it for another invoice of the payer does."""
    found, offer = credit_queries.detail(surplus_id), payer_credits.offer(surplus_id)
    return confirm(use(found, offer, target_of(offer, _number(request.args.get("invoice", ""))), ConfirmationForm()))


@blueprint.post(f"/<{KEY}:surplus_id>/uses")
@needs(Permission.ADJUST_CREDITS)
def create_use(surplus_id: int) -> WerkzeugResponse:
    """Use it: exactly what was said before; an invoice takes money of one payment once."""
    here = url_for("credits.show", surplus_id=surplus_id)
    found, offer = credit_queries.detail(surplus_id), payer_credits.offer(surplus_id)
    form, number = ConfirmationForm.parse(), _number(request.form.get("number", ""))
    if number in {each.number for each in found.uses}:
        flash(_("Invoice %(number)s has taken it already", number=number))
        return see_other(here)
    target = target_of(offer, number)
    if form.faults:
        return confirm(use(found, offer, target, form))
    try:
        done = payer_credits.apply(
            surplus_id, number, actor=acting(), amount_minor=_number(request.form.get("amount", "")), reason=form.reason
        )
    except Conflict:
        flash(_("Nothing was used: the money or the invoice has changed in the meantime. This is how it stands."))
        return see_other(here)
    amount = money(done.amount.minor, done.amount.currency)
    flash(
        _("Invoice %(number)s is paid with %(amount)s of it", number=number, amount=amount)
        if done.invoice_paid
        else _("Invoice %(number)s took %(amount)s of it", number=number, amount=amount)
    )
    return see_other(here)


@blueprint.get(f"/<{KEY}:surplus_id>/refunds/new")
@needs(Permission.REFUND)
def new_refund(surplus_id: int) -> Response:
    """Say what giving it back does."""
    return confirm(give_back(credit_queries.detail(surplus_id), payer_credits.offer(surplus_id), ConfirmationForm()))


@blueprint.post(f"/<{KEY}:surplus_id>/refunds")
@needs(Permission.REFUND)
def create_refund(surplus_id: int) -> WerkzeugResponse:
    """Ask for it to go back: exactly what was said before, once."""
    found, offer, form = credit_queries.detail(surplus_id), payer_credits.offer(surplus_id), ConfirmationForm.parse()
    if form.faults:
        return confirm(give_back(found, offer, form))
    amount_minor = _number(request.form.get("amount", ""))
    require_fresh_login(amount_minor)
    try:
        asked = payer_credits.refund(
            surplus_id, actor=acting(), key=f"portal:{form.key}", amount_minor=amount_minor, reason=form.reason
        )
    except Conflict:
        flash(_("Nothing was asked for: the money has changed in the meantime. This is how it stands."))
        return see_other(url_for("credits.show", surplus_id=surplus_id))
    return see_other(url_for("refunds.show", refund_id=asked.id))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise NotFound("number", text[:LONGEST_NUMBER])
    return int(text)
