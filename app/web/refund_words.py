"""Refunds in words: how one stands, what to do about one that failed, and why there can be none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.refund import RefundStatus as Refund
from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString

REFUND: dict[str, Word] = {
    Refund.PENDING_APPROVAL: Word(_("Waits for a second person"), "warn"),
    Refund.REQUESTED: Word(_("About to leave"), "wait"),
    Refund.PROCESSING: Word(_("On its way"), "wait"),
    Refund.UNKNOWN: Word(_("No answer yet"), "warn"),
    Refund.SUCCEEDED: Word(_("Given back"), "good"),
    Refund.FAILED: Word(_("Failed"), "bad"),
    Refund.CANCELLED: Word(_("Withdrawn"), "off"),
}
# What to do about a refund that did not happen, by the gateway's code or our own word for it.
ADVICE = {
    "4037": _(
        "The gateway cannot give bank-link payments back. Pay it back by bank transfer to the account it came from."
    ),
    "4997": _("The gateway found our clock wrong. Have the server's clock set, then ask for the refund again."),
    "4013": _("The gateway holds less than this. Compare with its portal, then ask for what is left."),
    "4040": _("The gateway does not know this payment. Look it up in its portal."),
    "4002": _("The gateway does not know our account. Check its settings, then ask for the refund again."),
    "not_sent": _("The gateway could not be reached for days and nothing was executed. Ask for the refund again."),
    "never_seen": _("The gateway never showed it, so it was not executed. Ask for it again if it is still wanted."),
    "less_is_left": _("By then the gateway held less than this. Look at the invoice before you ask again."),
    "charged_back": _("The payer's bank took the money back. Compare both with the gateway's portal."),
}
NO_ADVICE = _("Look the payment up in the gateway's portal, then ask again or pay it back by bank transfer.")
# Why nothing of a payment can go back through the gateway.
OBSTACLE = {
    "method": _("This money did not come through a gateway: who received it gives it back."),
    "bank_link": ADVICE["4037"],
    "gone": _("Nothing is left of it."),
    "reserved": _("All that is left is on its way back already."),
    "disputed": _("It is disputed: the payer's bank has it or may take it. A refund would pay it twice."),
}


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (refund_word, advice, obstacle):
        app.jinja_env.filters[each.__name__] = each


def refund_word(status: str) -> Word:
    """Return the word for a refund's status."""
    return REFUND.get(status, Word(status, "mute"))


def advice(code: str | None) -> LazyString | str:
    """Return what to do about a refund that did not happen."""
    return ADVICE.get(code or "", NO_ADVICE)


def obstacle(code: str) -> LazyString | str:
    """Return why nothing can go back, and what to do instead."""
    return OBSTACLE[code]
