"""The doors to payment links (eis.md 6, the invoice creator)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.domain.draft import Buyer, Draft, DraftLine
from app.domain.errors import Invalid
from app.domain.money import format_amount
from app.domain.numbering import NumberRangeExhausted
from app.domain.permission import Permission
from app.domain.reference import is_valid
from app.integrations import current
from app.services.issuing_at_once import issue_at_once
from app.web import typed
from app.web.guards import needs
from app.web.htmx import see_other
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

blueprint = Blueprint("payment_links", __name__, url_prefix="/payment_links")
# Such invoices belong to nobody else: when one is paid nobody is told (eis.md 6).
OWNER, KIND = "billing_system", "linkpay"


@blueprint.get("/new")
@needs(Permission.ISSUE_INVOICE)
def new() -> str:
    """Show the form."""
    return render_template("payment_links/new.html", values={"key": typed.new_key()}, faults={})


@blueprint.post("")
@needs(Permission.ISSUE_INVOICE)
def create() -> WerkzeugResponse:
    """Issue the invoice and lead to it: its link stands there to be copied."""
    key = typed.key(request.form)
    form = Typed(request.form)
    draft = _draft(form)
    if draft is None:
        return _again(form.faults)
    try:
        number = issue_at_once(draft, key=key, at=datetime.now(UTC), actor=acting(), signer=current().links)
    except Invalid:
        return _again({"amount": _("An amount such as 120.00")})
    except NumberRangeExhausted:
        fault = _("The range of invoice numbers is used up: an administrator must open another.")
        return _again({"amount": fault}, 409)
    flash(_("Invoice %(number)s is issued with its payment link: copy it and send it to the payer.", number=number))
    return see_other(url_for("invoices.show", number=number))


def _draft(form: Typed) -> Draft | None:
    amount = form.money("amount")
    description = form.text("description", least=1, most=300)
    buyer = Buyer(form.text("name", least=1), form.text("email", most=254))
    reference = form.text("reference_number", most=20).replace(" ", "")
    if amount is None or not amount.minor:
        form.faults.setdefault("amount", _("An amount such as 120.00"))
    if buyer.email and ("@" not in buyer.email or " " in buyer.email):
        form.faults["email"] = _("An e-mail address such as name@example.ee")
    if reference and not (reference.isascii() and reference.isdigit() and is_valid(reference)):
        form.faults["reference_number"] = _("This is no reference number: its last digit does not fit")
    if form.faults or amount is None:
        return None
    line = DraftLine(description, Decimal(1), Decimal(format_amount(amount)), "exempt")
    return Draft(OWNER, buyer, (line,), description, reference, kind=KIND)


def _again(faults: dict[str, str], status: int = 422) -> Response:
    page = render_template("payment_links/new.html", values=request.form.to_dict(), faults=faults)
    return Response(page, status, mimetype="text/html")
