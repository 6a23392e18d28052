"""The doors to credit notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.credit_notes.forms import CreditForm, key_of
from app.domain.credit_note import CreditTooLarge
from app.domain.draft import ChangedMeanwhile
from app.domain.invoice import InvoiceStatus
from app.domain.numbering import NumberRangeExhausted
from app.domain.permission import Permission
from app.integrations import current
from app.queries import credit_notes as found
from app.queries import one_invoice, paper
from app.services import credit_notes, credited_money
from app.services.credit_notes import CreditOrder, CreditRefused
from app.web import paper as on_paper
from app.web.address import KEY
from app.web.filters import written
from app.web.guards import needs
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.typed import new_key

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.domain.credit_note import Left
    from app.domain.errors import Conflict
    from app.models.invoice import Invoice

blueprint = Blueprint("credit_notes", __name__)


@blueprint.get(f"/credit_notes/<{KEY}:number>")
@needs(Permission.VIEW)
def show(number: int) -> str:
    """Show one credit note: what it takes back, of which invoice, and where the amount came from."""
    return render_template("credit_notes/show.html", found=found.by_number(number))


@blueprint.get(f"/credit_notes/<{KEY}:number>/pdf")
@needs(Permission.VIEW)
def download(number: int) -> WerkzeugResponse:
    """Show the credit note as it is given to the payer."""
    return on_paper.credit_note(paper.of_credit_note(number), back=url_for("credit_notes.show", number=number))


@blueprint.get(f"/invoices/<{KEY}:number>/credit_notes/new")
@needs(Permission.ISSUE_INVOICE)
def new(number: int) -> Response:
    """Ask what is to be taken back; everything that is left stands there from the start."""
    invoice = one_invoice.by_number(number)
    left = found.left_of(invoice)
    values = {f"line-{each.position}": _written(each.left_minor, invoice) for each in left.lines}
    return _form(invoice, left, values | {"key": new_key()}, {}, None)


@blueprint.post(f"/invoices/<{KEY}:number>/credit_notes")
@needs(Permission.ISSUE_INVOICE)
def create(number: int) -> WerkzeugResponse:
    """Count the credit note up; once that sum was seen, issue it."""
    invoice = one_invoice.by_number(number)
    before = found.by_key(key_of(request.form), invoice.id)
    if before is not None:
        flash(_("This form was sent already: here is its credit note. Nothing was taken back twice."))
        return see_other(url_for("credit_notes.show", number=before))
    left = found.left_of(invoice)
    form = CreditForm(request.form, left, credited_money.room_of(invoice), invoice.currency)
    values = request.form.to_dict() | {"key": form.key}
    if form.faults or not form.is_counted:
        return _form(invoice, left, values, form.faults, form)
    order = CreditOrder(form.wanted, form.because, form.key, left.total_minor)
    try:
        issued = credit_notes.issue(number, order, actor=acting(), signer=current().links)
    except (CreditRefused, CreditTooLarge, ChangedMeanwhile, NumberRangeExhausted) as refusal:
        fresh = one_invoice.by_number(number)
        return _form(fresh, found.left_of(fresh), values, {"lines": _why(refusal)}, None, 409)
    flash(_("Credit note %(number)s is issued.", number=issued.number))
    return see_other(url_for("credit_notes.show", number=issued.number))


def _form(  # noqa: PLR0917 - what stands in a form
    invoice: Invoice,
    left: Left,
    values: dict[str, str],
    faults: dict[str, str],
    form: CreditForm | None,
    status: int = 422,
) -> Response:
    refused = _refused(invoice, left)
    context: dict[str, Any] = {"refused": refused, "room": credited_money.room_of(invoice)}
    response = render(
        "credit_notes/new.html",
        "credit_notes/_new.html",
        invoice=invoice,
        left=left,
        values=values,
        faults=faults,
        counted=form if form and not faults else None,
        **context,
    )
    response.status_code = status if faults else 200
    return response


def _refused(invoice: Invoice, left: Left) -> str:
    if invoice.status == InvoiceStatus.CANCELLED:
        return _("This invoice is cancelled: it takes no credit note.")
    if not left.total_minor:
        return _("All of this invoice was taken back already.")
    try:
        credit_notes.check(invoice)
    except CreditRefused as refusal:
        return _why(refusal)
    return ""


def _why(refusal: Conflict) -> str:
    if isinstance(refusal, ChangedMeanwhile):
        return _("Somebody credited this invoice in the meantime. Look at what is left, then decide.")
    if isinstance(refusal, NumberRangeExhausted):
        return _("The range of credit note numbers is used up: an administrator must open another.")
    if refusal.code == "credit_moment":
        return _("The payer is paying it at this moment. Wait until that has ended.")
    if refusal.code == "credit_kind":
        return _("A deposit or a bulk payment takes no credit note: give the money back by a refund.")
    if refusal.code == "credit_status":
        return _("As it stands, this invoice takes no credit note. A dispute or a write-off is decided first.")
    return _("So much is not free: a refund or a dispute holds the money")


def _written(minor: int, invoice: Invoice) -> str:
    return written(minor, invoice.currency) if minor else ""
