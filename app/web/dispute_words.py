"""Disputes in words: how one stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.dispute import DisputeStatus as Dispute
from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask

DISPUTE: dict[str, Word] = {
    Dispute.OPENED: Word(_("Evidence wanted"), "bad"),
    Dispute.UNDER_REVIEW: Word(_("The bank decides"), "wait"),
    Dispute.WON: Word(_("Won"), "good"),
    Dispute.LOST: Word(_("Lost"), "bad"),
    Dispute.CLOSED: Word(_("Closed"), "off"),
}


def install(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.filters[dispute_word.__name__] = dispute_word


def dispute_word(status: str) -> Word:
    """Return the word for a dispute's status."""
    return DISPUTE.get(status, Word(status, "mute"))
