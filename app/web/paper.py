"""Invoices and credit notes on paper, in the language that is asked for with `?in=`, or that of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from babel import Locale
from flask import flash, render_template, request
from flask_babel import format_date

from app.domain.invoice import InvoiceStatus, is_payable
from app.domain.tallinn import TALLINN
from app.web import pdf
from app.web.filters import NBSP
from app.web.htmx import see_other
from app.web.language import DEFAULT, LANGUAGES
from app.web.translation import speaking
from app.web.translation import translate as _

if TYPE_CHECKING:
    from datetime import date

    from flask import Flask
    from werkzeug.wrappers import Response

    from app.queries.paper import CreditNotePaper, InvoicePaper, Seller


def install(app: Flask) -> None:
    """Give templates the filters."""
    app.jinja_env.filters["in_fours"] = in_fours
    app.jinja_env.filters["host"] = host


def in_fours(number: str) -> str:
    """Return an IBAN as people read it."""
    return NBSP.join(number[at : at + 4] for at in range(0, len(number), 4))


def host(address: str) -> str:
    """Return whose page an address opens."""
    return urlsplit(address).hostname or ""


def invoice(paper: InvoicePaper, back: str) -> Response:
    """Return an invoice as PDF; where that is off, say so on the page it was asked from."""
    context = {"lines": paper.lines, "vat": paper.vat, "is_payable": is_payable(InvoiceStatus(paper.invoice.status))}
    return _answer(
        "pdf/invoice.html", f"invoice-{paper.invoice.number}", back, paper.seller, invoice=paper.invoice, **context
    )


def credit_note(paper: CreditNotePaper, back: str) -> Response:
    """Return a credit note as PDF, like an invoice."""
    found = paper.found
    context = {"note": found.note, "invoice": found.invoice, "lines": found.lines, "vat": found.vat}
    return _answer("pdf/credit_note.html", f"credit-note-{found.note.number}", back, paper.seller, **context)


def _answer(template: str, name: str, back: str, seller: Seller, **context: Any) -> Response:
    wish = next((each for each in (request.args.get("in"), seller.locale) if each in LANGUAGES), DEFAULT)
    buyer = context["invoice"].details.get("buyer") or {}
    with speaking(wish):
        html = render_template(
            template,
            seller=seller,
            seller_address=_address(seller, wish),
            buyer=buyer,
            paper_lang=wish,
            on=_on(wish),
            **context,
        )
    try:
        return pdf.answer(html, name)
    except pdf.PaperOff:
        flash(
            _("PDFs are off here: Pango is not installed. An administrator finds what to install with billing doctor.")
        )
        return see_other(back)
    except pdf.PaperBusy:
        flash(_("Other PDFs are being drawn at this moment: ask again in a few seconds."))
        return see_other(back)


def _address(seller: Seller, wish: str) -> list[str]:
    """Return the lines of an address as far as it is known; the country by its name in the paper's language."""
    town = " ".join(filter(None, (seller.zip, seller.city)))
    country = str(Locale.parse(wish).territories.get(seller.country_code, seller.country_code))
    return [line for line in (seller.street, town, country) if line]


def _on(wish: str) -> Any:
    """Return how a day is written, all in one line: in words in English; in the others the month would be declined."""
    pattern = f"d{NBSP}MMMM{NBSP}y" if wish == "en" else "dd.MM.y"

    def on(day: date) -> str:
        return str(format_date(day.astimezone(TALLINN) if hasattr(day, "astimezone") else day, pattern, rebase=False))

    return on
