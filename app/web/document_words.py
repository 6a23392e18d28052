"""What documents for others are called, and how they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString

KIND: dict[str, LazyString] = {"directo": _("For the accounting system"), "e_invoice": _("E-invoice")}
STATE: dict[str, Word] = {
    "accepted": Word(_("Kept, waits to be sent"), "wait"),
    "skipped": Word(_("Not sent: the invoice was not here"), "off"),
    "dry": Word(_("Kept only, never sent"), "off"),
}


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (document_kind, document_word):
        app.jinja_env.filters[each.__name__] = each


def document_kind(kind: str) -> str:
    """Return what a kind of document is called."""
    return str(KIND.get(kind, kind))


def document_word(state: str) -> Word:
    """Return how a document stands."""
    return STATE.get(state, Word(state, "mute"))
