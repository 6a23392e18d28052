"""Why a login did not end in a session, in words that say what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.integrations import LoginCancelled, WeakLogin
from app.services.operators import NotListed
from app.web.translation import translate as _

if TYPE_CHECKING:
    from app.domain.errors import BillingError


class Refusal(NamedTuple):
    """What to answer: status, what happened, what to do; `code` is for the log."""

    code: str
    status: int
    headline: str
    advice: str


def explain(fault: BillingError) -> Refusal:
    """Return the refusal for what went wrong; a fault without words of its own is a login that came back broken."""
    if isinstance(fault, LoginCancelled):
        return Refusal(
            "cancelled",
            403,
            _("You cancelled the sign-in"),
            _("Start again when you are ready."),
        )
    if isinstance(fault, NotListed):
        return Refusal(
            "not_listed",
            403,
            _("You are not on the list"),
            _(
                "TARA knows who you are, but this portal is only for the people on its white list. "
                "Ask a colleague who has access to add your personal code together with its country."
            ),
        )
    if isinstance(fault, WeakLogin):
        return Refusal(
            "weak",
            403,
            _("This means of sign-in is not strong enough"),
            _("Start again and choose an ID card, Mobile-ID or Smart-ID."),
        )
    return Refusal(
        "broken",
        400,
        _("This sign-in cannot be used"),
        _("It was used already, took too long, or was begun in another window. Start again from here."),
    )


def unreachable() -> Refusal:
    """Return the refusal for a login service that does not answer."""
    return Refusal(
        "unreachable",
        503,
        _("The sign-in service does not answer"),
        _("TARA cannot be reached at the moment. Try again in a minute; payments go on without it."),
    )
