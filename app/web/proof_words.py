"""What is said of checks of the books, of parts of the system, and of who did something."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString


class CheckWords(NamedTuple):
    """What a check of the books is called, and what it proves."""

    name: LazyString
    sentence: LazyString


PROOF: dict[str, Word] = {
    "waiting": Word(_("Being checked"), "wait"),
    "holds": Word(_("Holds"), "good"),
    "broken": Word(_("Broken"), "bad"),
    "failed": Word(_("Could not be checked"), "warn"),
}
ACTOR = {
    "system": _("the system"),
    "gateway": _("the gateway"),
    "initiator": _("a service"),
    "operator": _("a person"),
}
HEALTH: dict[str, Word] = {
    "good": Word(_("Well"), "good"),
    "warn": Word(_("Look at it"), "warn"),
    "bad": Word(_("Act now"), "bad"),
}
ON_CLOCK: dict[str, Word] = {"good": Word(_("On time"), "good"), "warn": Word(_("Late"), "warn")}
# What is said of each check; `app.services.proofs` names them in English.
CHECKS: dict[str, CheckWords] = {
    "I1 balance": CheckWords(_("I1 balance"), _("every ledger transaction adds up to zero in each currency")),
    "I2 one settlement": CheckWords(
        _("I2 one settlement"),
        _("a paid invoice has exactly one active settlement, and its allocations are what it shows as captured"),
    ),
    "I3 money in the books": CheckWords(
        _("I3 money in the books"),
        _("what a gateway clears for us in the books is what its payments captured minus what went back"),
    ),
    "I4 every payment has a fact": CheckWords(
        _("I4 every payment has a fact"), _("a completed hosted payment carries what the gateway said")
    ),
    "I3 every cent has its place": CheckWords(
        _("I3 every cent has its place"), _("what a payment captured was given to invoices or is the payer's credit")
    ),
    "I5 refunds": CheckWords(_("I5 refunds"), _("no payment gives back, and has disputed, more than it captured")),
    "I5 what went back": CheckWords(
        _("I5 what went back"),
        _("a payment shows as given back what its refunds gave back, and as lost what its disputes lost"),
    ),
    "I5 what went back of an invoice": CheckWords(
        _("I5 what went back of an invoice"),
        _("an invoice shows what refunds took from it, what disputes lost and what open ones hold back"),
    ),
    "B4 bulk money back": CheckWords(
        _("B4 bulk money back"),
        _("a bulk payment shows as given back and as lost what went of the money that came for it"),
    ),
    "I5 refunds go on": CheckWords(
        _("I5 refunds go on"), _("a refund that may leave is owed, and one whose fate is open is looked for")
    ),
    "I5 credit": CheckWords(
        _("I5 credit"), _("the credit of payers in the books is what is left of what their invoices did not need")
    ),
    "I6 receivables": CheckWords(
        _("I6 receivables"), _("what payers owe in the books is what open invoices still need")
    ),
    "I7 news is owed": CheckWords(
        _("I7 news is owed"),
        _("every payment that paid an invoice of a listening service has one notice; what was imported is known there"),
    ),
    "I8 every change is told": CheckWords(
        _("I8 every change is told"), _("every invoice and every completed payment stands on the timeline")
    ),
    "I11 numbers": CheckWords(
        _("I11 numbers"), _("every number of a range that was given stands below its counter, once")
    ),
    "B1 bulk members": CheckWords(
        _("B1 bulk members"),
        _("a bulk payment asks for what its members were to get, and shows as captured what came for it"),
    ),
    "B2 bulk money": CheckWords(
        _("B2 bulk money"),
        _("what came for a bulk payment went to its members, none more than agreed, or is the payer's credit"),
    ),
    "B3 bulk news": CheckWords(_("B3 bulk news"), _("every invoice a bulk payment paid is named to its service once")),
    "D1 deposits": CheckWords(
        _("D1 deposits"), _("a deposit stands on a deposit invoice of its service, and is closed once that is paid")
    ),
    "D2 deposit news": CheckWords(
        _("D2 deposit news"), _("who paid a deposit is named to its service once, with the domain and the amount")
    ),
    "I12 leases": CheckWords(_("I12 leases"), _("no work is held longer than its lease and a minute")),
    "K1 documents add up": CheckWords(
        _("K1 documents add up"), _("an invoice made here is its lines and the tax of its rates, each added up again")
    ),
    "K2 credit notes": CheckWords(
        _("K2 credit notes"),
        _("what credit notes took off an invoice is what it shows, and never more than it was over"),
    ),
    "K3 credit in the books": CheckWords(
        _("K3 credit in the books"),
        _("every credit note is its lines and its tax, and the sale was taken back by what was not given back before"),
    ),
    "T1 closed days": CheckWords(
        _("T1 closed days"),
        _("a closed day's sums, whole and by payer, are what its payments and the returns in the books add up to"),
    ),
    "S1 sealed": CheckWords(_("S1 sealed"), _("every row up to where a chain is sealed has its link")),
    "S2 anchored": CheckWords(_("S2 anchored"), _("every head of a chain that was noted is its link there still")),
    "C1 claims": CheckWords(
        _("C1 claims"), _("of the holders of one number at most one has won, and what was won is paid")
    ),
    "M1 imports": CheckWords(
        _("M1 imports"),
        _("every import brought as many rows as it said; one under way, and one that failed, brought none"),
    ),
    "chain ledger": CheckWords(_("chain ledger"), _("the chain of ledger rows is what its rows hash to")),
    "chain event": CheckWords(_("chain event"), _("the chain of event rows is what its rows hash to")),
}
CHAIN = {"ledger": _("Ledger"), "event": _("Timeline")}


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (clock_word, health_word, proof_word, check_name, check_sentence, doer_word, chain_word):
        app.jinja_env.filters[each.__name__] = each


def proof_word(state: str) -> Word:
    """Return how a check ended."""
    return PROOF[state]


def check_name(name: str) -> str:
    """Return what a check is called; one that is made no more keeps the name it had."""
    return str(CHECKS[name].name) if name in CHECKS else name


def check_sentence(sentence: str, name: str) -> str:
    """Return what the check of this name proves, or what it proved when it was made."""
    return str(CHECKS[name].sentence) if name in CHECKS else sentence


def health_word(tone: str) -> Word:
    """Return how a part of the system is."""
    return HEALTH[tone]


def clock_word(tone: str) -> Word:
    """Return whether regular work is on time."""
    return ON_CLOCK[tone]


def doer_word(kind: str) -> str:
    """Return what sort of actor did something."""
    return str(ACTOR.get(kind, kind))


def chain_word(chain: str) -> str:
    """Return which rows a chain seals."""
    return str(CHAIN[chain])
