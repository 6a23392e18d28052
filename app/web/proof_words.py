"""What is said of checks of the books, and of what people and systems did."""

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
CHAIN = {"ledger": _("Ledger"), "event": _("Timeline")}


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (proof_word, actor_word, chain_word, counted):
        app.jinja_env.filters[each.__name__] = each


def proof_word(state: str) -> Word:
    """Return how a check ended."""
    return PROOF[state]


def actor_word(kind: str) -> str:
    """Return what sort of actor did something."""
    return str(ACTOR.get(kind, kind))


def chain_word(chain: str) -> str:
    """Return which rows a chain seals."""
    return str(CHAIN[chain])


def counted(number: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")
