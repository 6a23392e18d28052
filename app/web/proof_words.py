"""What is said of checks of the books, of parts of the system, and of who did something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask

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
CHAIN = {"ledger": _("Ledger"), "event": _("Timeline")}


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (clock_word, health_word, proof_word, doer_word, chain_word, counted):
        app.jinja_env.filters[each.__name__] = each


def proof_word(state: str) -> Word:
    """Return how a check ended."""
    return PROOF[state]


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


def counted(number: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")
