"""The words of the desks: refunds, disputes, questions, differences, and who did something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.comparison import DifferenceKind as Kind
from app.domain.dispute import DisputeStatus as Dispute
from app.domain.refund import RefundStatus as Refund
from app.queries.actors import PERSON
from app.web.service_names import called
from app.web.translation import translate_later as _
from app.web.words import Word, gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

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
DISPUTE: dict[str, Word] = {
    Dispute.OPENED: Word(_("Evidence wanted"), "bad"),
    Dispute.UNDER_REVIEW: Word(_("The bank decides"), "wait"),
    Dispute.WON: Word(_("Won"), "good"),
    Dispute.LOST: Word(_("Lost"), "bad"),
    Dispute.CLOSED: Word(_("Closed"), "off"),
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
ACTOR = {
    "system": _("the system"),
    "operator": _("operator %(who)s"),
    "initiator": _("service %(who)s"),
    "gateway": "%(who)s",
}


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (refund_word, dispute_word, difference_word, by_whom, with_names, advice, obstacle):
        app.jinja_env.filters[each.__name__] = each


def refund_word(status: str) -> Word:
    """Return the word for a refund's status."""
    return REFUND.get(status, Word(status, "mute"))


def dispute_word(status: str) -> Word:
    """Return the word for a dispute's status."""
    return DISPUTE.get(status, Word(status, "mute"))


def difference_word(kind: str) -> Word:
    """Return the word for why the books differ."""
    return DIFFERENCE.get(kind, Word(kind, "mute"))


def by_whom(actor: str | None, names: Mapping[str, str]) -> str:
    """Return who did something: a person by name, a service or a gateway by what it is called."""
    if not actor:
        return ""
    kind, _colon, who = actor.partition(":")
    if actor in names or kind not in ACTOR:
        return names.get(actor, actor)
    return str(ACTOR[kind]) % {"who": called(who) if kind == "initiator" else gateway(who)}


def with_names(sentence: str, names: Mapping[str, str]) -> str:
    """Return a kept sentence with the names of the people it speaks of."""
    return PERSON.sub(lambda found: names.get(found.group(), found.group()), sentence)


def advice(code: str | None) -> LazyString | str:
    """Return what to do about a refund that did not happen."""
    return ADVICE.get(code or "", NO_ADVICE)


def obstacle(code: str) -> LazyString | str:
    """Return why nothing can go back, and what to do instead."""
    return OBSTACLE[code]
