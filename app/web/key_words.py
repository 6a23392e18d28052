"""What the keys of the portal do, in words; `app/static/js/keyboard.js` hears them, buttons carry the letters."""

from __future__ import annotations

from app.web.translation import translate_later as _

KEYS = (
    ("/", _("Go to the search")),
    ("\N{DOWNWARDS ARROW}", _("Walk down the rows of a list, out of its search, too")),
    ("\N{UPWARDS ARROW}", _("Walk up the rows, and back to the search")),
    ("Enter", _("Open the row, press the button, send the form")),
    ("Esc", _("Close the dialog; what was typed is sent nowhere")),
    ("N", _("On the list of invoices: write a new one")),
    ("E", _("On an invoice: correct what may be corrected")),
    ("C", _("On an invoice: write a credit note")),
    ("D", _("On an invoice: begin a dispute")),
    ("R", _("On an invoice: give money back")),
    ("L", _("On an invoice: copy the payment link")),
    ("?", _("Show this list, from any page")),
)
