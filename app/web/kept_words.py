"""Sentences that are kept in English, in the language of whoever reads them.

Questions to people, their answers and the reasons of events are kept as one English sentence: they are sealed, and
services hear them. A sentence is made from a text below and is known again by it, with what stands in its parts; what
is not known again, such as a person's own words, is shown as it was written.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from app.domain.money import EXPONENTS, parse_amount
from app.web import typed
from app.web.delivery_words import delivery_kind
from app.web.directions import isolated
from app.web.filters import day, decimal, money
from app.web.service_names import called
from app.web.state_words import state_word
from app.web.translation import as_it_is as _
from app.web.translation import translate
from app.web.words import gateway, invoice_word

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

QUESTIONS = (
    _(
        "Bulk payment %(number)s left %(amount)s of this invoice open: "
        "its amount was changed after the payer was sent to pay"
    ),
    _("Credit note %(number)s took back %(amount)s that was paid: refund it or use it for another invoice"),
    _("%(amount)s was received and %(why)s: refund it or use it for another invoice"),
    _(
        "%(amount)s was received on %(day)s, and the invoice was cancelled on %(cancelled)s: "
        "refund it or use it for another invoice"
    ),
    _(
        "%(service)s reports this invoice as paid, and it was cancelled on %(day)s: "
        "the money there goes back to the payer or pays another invoice"
    ),
    _("%(amount)s is here again after a dispute was won: refund it or use it for another invoice"),
    _("%(amount)s was taken back by the payer's bank at %(gateway)s"),
    _("%(amount)s went back at %(gateway)s without a request from here"),
    _("%(amount)s left %(gateway)s that were given back by bank transfer already: the payer has them twice"),
    _("%(gateway)s says charged back, and that it still holds %(amount)s: look it up there"),
    _("%(gateway)s says %(state)s: %(why)s"),
    _("%(gateway)s could not be asked about %(reference)s: look it up by hand"),
    _("%(gateway)s does not know %(reference)s, which it gave us itself: %(detail)s"),
    _("%(gateway)s holds a settled payment %(reference)s for %(order)s, and it belongs to no invoice here"),
    _("%(gateway)s sends an event nobody here knows: %(event)s"),
    _("%(gateway)s reports (%(event)s): %(why)s"),
    _("%(gateway)s refused to give %(amount)s back: %(detail)s. %(advice)s"),
    _("%(who)s asks to give %(amount)s back: %(reason)s"),
    _("%(who)s reports a deposit for %(domain)s of user %(user)s as %(state)s, and there is none here"),
    _("Evidence for a dispute of %(amount)s is due on %(day)s"),
    _(
        "A refund of %(amount)s got no answer and was not executed within the hour: "
        "ask for it again if it is still wanted"
    ),
    _(
        "A refund of %(amount)s was under way when the payer's bank took the money back: "
        "compare both with the gateway's portal"
    ),
    _(
        "%(who)s took number %(number)s, which nobody had given out: %(count)s numbers before it are passed by, "
        "%(left)s are left in this range"
    ),
    _("%(work)s was given up after %(tries)s tries: %(detail)s"),
    _("%(work)s fails on %(row)s and is tried again by itself: %(detail)s"),
    _(
        "%(service)s was asked to set this invoice to %(state)s, its answer was lost, and it refuses the repeat: "
        "look there which status it has"
    ),
    _("%(service)s was asked to set this invoice to %(state)s and did not answer: look there which status it has"),
    _("%(service)s took the status %(state)s, but here the invoice became %(now)s meanwhile"),
    _(
        "Webhook endpoint %(endpoint)s was switched off: %(because)s. "
        "Its service can switch it on and have all sent again"
    ),
    _("%(gateway)s has news of %(reference)s that never came: it is looked into now"),
    _("%(gateway)s holds more or less of %(reference)s than our books: it is looked into now"),
    _("%(gateway)s has another amount, currency or account for %(reference)s than was asked"),
    _("%(gateway)s does not know %(reference)s, which our books have"),
    _("%(gateway)s holds settled money under %(reference)s, which is no payment here"),
    _("%(gateway)s settled %(reference)s at a time still to come here: one of the clocks is wrong"),
)
WHY = (
    # of money that was over
    _("the invoice is cancelled"),
    _("the invoice needed less"),
    _("its invoices needed less, or nothing any more"),
    # of a gateway's state
    _("this has not ended for two weeks"),
    _("this state is not known here"),
    _("the money of a lost dispute seems to be back"),
    _("refunded, and the amount that is left is not plausible"),
    _("settled, and the amount that is left is not plausible"),
    _("money went back of a payment that is %(state)s here"),
    _("account %(account)s instead of %(wanted)s"),
    _("order reference %(order)s instead of %(number)s"),
    _("%(amount)s instead of %(wanted)s"),
    _("nothing instead of %(wanted)s"),
    # of a gateway's event
    _("the payer disputes this payment: look it up in its portal, open the dispute here with its deadline"),
    _("the money was taken back, and its own state does not say so: look it up in its portal"),
    _("a dispute ended: look up how in its portal and end it here"),
    _("this payment is fraud: stop what it paid for, and give it back before the bank does"),
    _("a refund did not reach the payer: look it up in its portal and pay it back by bank transfer"),
    # of a webhook that is off
    _("%(count)s messages were given up since %(at)s"),
    _("it answered 410, which means that it is gone for good"),
    # of a refund the gateway refused
    _("The gateway cannot give bank-link payments back: pay it back by bank transfer to the payer's account"),
    _("The gateway found our clock wrong: set the server's clock, then ask for the refund again"),
    _("The gateway holds less than this: compare with its portal, then ask for what is left"),
    _("The gateway does not know this payment: look it up in its portal"),
    _("The gateway does not know our account: check its settings, then ask for the refund again"),
    _("The gateway refused: look the payment up in its portal, then ask again or pay back by bank transfer"),
)
REASONS = (
    _("%(amount)s of it were taken"),
    _("The payer's bank took the money back"),
    _("The payer's bank took the money back meanwhile"),
    _("The answer was lost and a repeat would be counted twice: the invoice is synchronised instead"),
    _("The gateway could not be reached"),
    _("The gateway holds less than this by now"),
    _("The gateway never showed it: it was not executed"),
    _("charged back at the gateway"),
    _("credit note %(number)s"),
    _("imported as cancelled"),
    _("imported as refunded"),
    _("made at the gateway"),
    _("never confirmed"),
    _("nobody used the page for a day"),
    _("replaced by bulk payment %(number)s"),
    _("reported by %(who)s"),
    _("lost"),
    _("the invoice was cancelled"),
    _("the invoice was paid another way"),
    _("the money went back to the payer"),
    _("won"),
)
ANSWERS = (
    _("another message goes instead"),
    _("approved"),
    _("the gateway answered after all"),
    _("both books agree again"),
    _("cancelled"),
    _("charged_back"),
    _("closed"),
    _("dispute %(number)s opened"),
    _("done after all"),
    _("evidence handed in"),
    _("failed"),
    _("given back"),
    _("paid back by bank transfer"),
    _("it got through"),
    _("looked into"),
    _("lost"),
    _("nothing to do"),
    _("nothing to do: %(reason)s"),
    _("booked as it came"),
    _("booked as it came: %(reason)s"),
    _("taken care of elsewhere"),
    _("taken care of elsewhere: %(reason)s"),
    _("used for invoice %(number)s"),
    _("won"),
)
# A wording that was shipped and is written otherwise by now, with the text that says the same now, of the same parts:
# sentences made from it are in databases for good. Every wording there ever was: `tests/web/kept_wordings.txt`.
REWORDED: dict[str, str] = {}
# What a part stands for is one word or number; of these it may be a sentence, which may be known itself.
FREE = {"detail", "reason", "why", "advice", "because", "order", "event", "domain", "user", "at", "obstacle", "list"}
KNOWN = {"why", "advice", "because"}
AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)? [A-Z]{3}", re.ASCII)
# What is a code where it is kept.
WORDS: dict[str, Callable[[str], str]] = {
    "gateway": gateway,
    "service": called,
    "who": called,
    "state": state_word,
    "now": lambda status: str(invoice_word(status).label).lower(),
    "work": delivery_kind,
}
PART = re.compile(r"%\((\w+)\)s")


def install(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.filters["kept"] = kept
    app.jinja_env.filters["kept_answer"] = kept_answer


def kept(sentence: str | None) -> str:
    """Return a question or a reason in the language of the request; one that is not known as it was written."""
    return isolated(shown(sentence or "", QUESTIONS + WHY + REASONS))


def kept_answer(sentence: str | None) -> str:
    """Return how a question was answered in the language of the request."""
    return isolated(shown(sentence or "", ANSWERS))


def shown(sentence: str, texts: tuple[str, ...], said: Callable[[str, str], str] | None = None) -> str:
    """Return a sentence in the language of the request by the text it was made from, if it is one of these."""
    found = _found(sentence, (*texts, *REWORDED))
    if found is None:
        return sentence
    text, parts = found
    return translate(REWORDED.get(text, text), **{name: (said or part)(name, value) for name, value in parts.items()})


def part(name: str, value: str) -> str:
    """Return what stands in a sentence, as people of the language write it."""
    if name in WORDS:
        return WORDS[name](value)
    if name in {"day", "cancelled"}:
        on = typed.day(value)
        return day(on) if on else value
    if name in {"amount", "wanted"}:
        return _money(value) if AMOUNT.fullmatch(value) else value
    if name not in KNOWN:
        return value
    whole = shown(value, WHY)
    return whole if whole != value else ", ".join(shown(each, WHY) for each in value.split(", "))


def _money(value: str) -> str:
    number, currency = value.split()
    return money(parse_amount(number, currency).minor, currency) if currency in EXPONENTS else decimal(value)


@lru_cache(maxsize=1024)
def _found(sentence: str, texts: tuple[str, ...]) -> tuple[str, dict[str, str]] | None:
    """Return the text a sentence was made from, and its parts; of several the one that says most itself."""
    for text in sorted(texts, key=lambda each: len(PART.sub("", each)), reverse=True):
        found = _pattern(text).fullmatch(sentence)
        if found:
            return text, found.groupdict()
    return None


@cache
def _pattern(text: str) -> re.Pattern[str]:
    pieces = PART.split(text)
    made = [rf"(?P<{piece}>{_of(piece)})" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces)]
    return re.compile("".join(made), re.DOTALL)


def _of(part: str) -> str:
    if part in FREE:
        return ".+?"
    if part in {"account", "wanted"}:
        return "[^,]+"
    return r"-?[0-9.]+ [A-Z]{3}" if part == "amount" else r"\S+"
