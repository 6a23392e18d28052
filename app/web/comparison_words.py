"""How our books and the gateway's differ, in words: what it is called, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.comparison import DifferenceKind as Kind
from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString

DIFFERENCE: dict[str, Word] = {
    Kind.MISSED_CALLBACK: Word(_("News that never came"), "warn"),
    Kind.CHANGED_THERE: Word(_("Changed at the gateway"), "warn"),
    Kind.AMOUNT_DIFFERS: Word(_("Other amount or account"), "bad"),
    Kind.UNKNOWN_THERE: Word(_("Unknown at the gateway"), "bad"),
    Kind.UNKNOWN_HERE: Word(_("Unknown here"), "bad"),
    Kind.CLOCK: Word(_("A clock is wrong"), "mute"),
}
MEANING: dict[str, LazyString] = {
    Kind.MISSED_CALLBACK: _("The gateway moved on and its news did not reach us. Asking it again books it."),
    Kind.CHANGED_THERE: _("The gateway holds more or less than our books say. Asking it again books what it says."),
    Kind.AMOUNT_DIFFERS: _("Amount, currency or account are not what was asked for. A person must find out why."),
    Kind.UNKNOWN_THERE: _("Our books have a payment the gateway does not know. A person must ask the gateway."),
    Kind.UNKNOWN_HERE: _("The gateway holds money that is no payment here. A person must find whose it is."),
    Kind.CLOCK: _("The gateway settled it at a time still to come here. Have the server's clock checked."),
}


def install(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.filters[difference_word.__name__] = difference_word


def difference_word(kind: str) -> Word:
    """Return the word for why the books differ."""
    return DIFFERENCE.get(kind, Word(kind, "mute"))
