"""Both books side by side: what ours say of a payment beside what the gateway's say of the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from app.domain.errors import Invalid
from app.domain.money import parse_amount
from app.web.filters import money
from app.web.state_words import state_word
from app.web.translation import translate_later as _
from app.web.words import payment_word

if TYPE_CHECKING:
    from flask_babel import LazyString

    from app.models.comparison import Difference


class Pair(NamedTuple):
    """One thing both books have; what one of them does not say is empty."""

    name: LazyString | str
    ours: str
    theirs: str


def pairs(difference: Difference) -> list[Pair]:
    """Return what both said when they were found to differ."""
    ours, theirs, currency = difference.ours, difference.theirs, difference.currency
    status = str(payment_word(ours["status"]).label) if ours.get("status") else ""
    found = [
        Pair(_("Status"), status, state_word(str(theirs.get("state") or ""))),
        Pair(_("Asked for"), _amount(ours.get("amount"), currency), _amount(theirs.get("initial"), currency)),
        Pair(_("Held now"), _amount(ours.get("held"), currency), _amount(theirs.get("standing"), currency)),
        Pair(_("Account at the gateway"), "", str(theirs.get("account") or "")),
    ]
    return [each for each in found if each.ours or each.theirs]


def _amount(kept: Any, currency: str) -> str:
    if kept is None:
        return ""
    try:
        return money(parse_amount(str(kept), currency).minor, currency)
    except Invalid:
        return str(kept)
