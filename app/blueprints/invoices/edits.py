"""The doors to the words of an invoice that may be changed after it was issued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, flash, request, url_for

from app.blueprints.acting import acting
from app.blueprints.invoices.views import blueprint
from app.domain.draft import ChangedMeanwhile
from app.domain.permission import Permission
from app.queries import one_invoice
from app.services import invoice_notes
from app.services.invoice_notes import Words
from app.web.address import KEY
from app.web.guards import needs
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse


@blueprint.get(f"/<{KEY}:number>/edits/new")
@needs(Permission.EDIT_INVOICE)
def new_edit(number: int) -> Response:
    """Ask for another description and other notes."""
    invoice = one_invoice.by_number(number)
    return _form(number, _shown(Words(invoice.description, invoice.internal_notes)), {})


@blueprint.post(f"/<{KEY}:number>/edits")
@needs(Permission.EDIT_INVOICE)
def create_edit(number: int) -> WerkzeugResponse:
    """Change them, unless somebody else did meanwhile; the timeline keeps what stood there before."""
    form = Typed(request.form)
    words = Words(form.text("description", most=500), form.lines_of_text("internal_notes"))
    reason = form.reason()
    seen = Words(_plain("seen_description"), _plain("seen_notes"))
    if form.faults:
        return _form(number, request.form.to_dict(), form.faults)
    try:
        changed = invoice_notes.write(number, words, seen=seen, reason=reason, actor=acting())
    except ChangedMeanwhile:
        invoice = one_invoice.by_number(number)
        now = Words(invoice.description, invoice.internal_notes)
        values = request.form.to_dict() | {"seen_description": now.description, "seen_notes": now.internal_notes}
        said = _(
            "Somebody changed this in the meantime. Now it says: %(description)s. Send yours again to replace it.",
            description=" / ".join(filter(None, (now.description, now.internal_notes))) or "\N{EN DASH}",
        )
        return _form(number, values, {"description": said}, 409)
    flash(_("It is changed.") if changed else _("It said so already: nothing was changed."))
    return see_other(url_for("invoices.show", number=number))


def _shown(words: Words) -> dict[str, str]:
    return {
        "description": words.description,
        "internal_notes": words.internal_notes,
        "seen_description": words.description,
        "seen_notes": words.internal_notes,
    }


def _plain(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n")


def _form(number: int, values: dict[str, str], faults: dict[str, str], status: int = 422) -> Response:
    invoice = one_invoice.by_number(number)
    response = render("invoices/new_edit.html", "invoices/_edit.html", invoice=invoice, values=values, faults=faults)
    response.status_code = status if faults else 200
    return response
