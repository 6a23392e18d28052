"""The letter that takes a payment link to its payer: begun in the writer's own mail program, sent by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from app.web.filters import money
from app.web.translation import translate as _

if TYPE_CHECKING:
    from flask import Flask

    from app.models.invoice import Invoice


def install(app: Flask) -> None:
    """Give templates the filter `payment_letter`."""
    app.jinja_env.filters["payment_letter"] = payment_letter


def payment_letter(invoice: Invoice) -> str:
    """Return the address that begins the letter; everything in it is quoted, so that nobody else is written to."""
    amount = money(invoice.open_minor, invoice.currency)
    subject = _("Invoice %(number)s", number=invoice.number)
    said = _("Invoice %(number)s over %(amount)s can be paid here:", number=invoice.number, amount=amount)
    text = f"{said}\r\n\r\n{invoice.payment_link}"
    parts = (quote(part, safe="") for part in (invoice.customer_email, subject, text))
    return "mailto:{}?subject={}&body={}".format(*parts)
