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
# What EveryPay calls its callbacks (eis.md 5.12). Only a reason to look: what happened is asked at the gateway.
KIND = {
    "status_updated": _("State changed"),
    "status_update": _("Acquired"),
    "voided": _("Reservation cancelled"),
    "refunded": _("Money sent back"),
    "refund_failed": _("Refund not possible"),
    "chargebacked": _("Taken back by the bank"),
    "marked_for_capture": _("To be captured"),
    "abandoned": _("Given up by the payer"),
    "issuer_reported_fraudulent": _("Fraud, says the payer's bank"),
    "merchant_reported_fraudulent": _("Fraud, says the receiver"),
    "dispute_opened": _("Dispute opened"),
    "dispute_updated": _("Dispute changed"),
    "dispute_reversed": _("Dispute withdrawn"),
    "dispute_charged_back": _("Dispute lost"),
    "dispute_reopened": _("Dispute opened again"),
    "card_art_updated": _("Picture of the card changed"),
    "token_updated": _("Stored card changed"),
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
    for each in (inbox_word, inbox_kind, outcome):
        app.jinja_env.filters[each.__name__] = each


def inbox_word(state: str) -> Word:
    """Return how a message from outside stands."""
    return INBOX[state]


def inbox_kind(code: str) -> str:
    """Return what a message is about; a kind nobody here knows, as it came."""
    return str(KIND.get(code, code))


def outcome(code: str | None) -> str:
    """Return what became of a message."""
    return str(OUTCOME.get(code or "", code or "\N{EN DASH}"))
