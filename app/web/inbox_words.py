"""What is said of messages from outside, and of what a gateway knows of a payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.payment import ObservedState
from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask

INBOX: dict[str, Word] = {
    "waiting": Word(_("Not looked into yet"), "wait"),
    "handled": Word(_("Looked into"), "good"),
    "stranger": Word(_("About nobody's payment"), "mute"),
}
OUTCOME = {
    "apply": _("What the gateway said was taken over"),
    "same": _("Nothing new"),
    "ignored": _("Older than what we know: nothing changed"),
    "review": _("A person was asked"),
    "nothing to do": _("About no payment of ours, and nothing was paid"),
    "unknown here": _("Money under a reference we do not know: a person was asked"),
    "unknown there": _("The gateway does not know this reference"),
}
OBSERVED: dict[str, Word] = {
    ObservedState.INITIAL: Word(_("Begun"), "mute"),
    ObservedState.PENDING: Word(_("Waiting for the payer"), "mute"),
    ObservedState.PROCESSING: Word(_("Under way"), "wait"),
    ObservedState.AUTHORIZED: Word(_("Authorised"), "wait"),
    ObservedState.COMPLETED: Word(_("Received"), "good"),
    ObservedState.FAILED: Word(_("Failed"), "bad"),
    ObservedState.CANCELLED: Word(_("Cancelled"), "off"),
    ObservedState.EXPIRED: Word(_("Expired"), "off"),
    ObservedState.REFUNDED: Word(_("Refunded"), "off"),
    ObservedState.CHARGED_BACK: Word(_("Charged back"), "bad"),
    ObservedState.UNKNOWN: Word(_("A state nobody here knows"), "warn"),
}


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (inbox_word, outcome):
        app.jinja_env.filters[each.__name__] = each


def inbox_word(state: str) -> Word:
    """Return how a message from outside stands."""
    return INBOX[state]


def outcome(code: str | None) -> str:
    """Return what became of a message."""
    return str(OUTCOME.get(code or "", code or "\N{EN DASH}"))
