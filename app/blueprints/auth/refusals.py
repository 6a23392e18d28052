"""Why a login did not end in a session, in words that say what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.integrations.login import LoginCancelled, OldLogin, WeakLogin
from app.services.operator_sessions import NotListed, OtherPerson
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from flask_babel import LazyString

    from app.domain.errors import BillingError


class Refusal(NamedTuple):
    """What to answer: status, what happened, what to do; `code` is for the log."""

    code: str
    status: int
    headline: LazyString
    advice: LazyString
    subject: str = ""
    somebody_stays: bool = False


REFUSALS: dict[type[BillingError], Refusal] = {
    LoginCancelled: Refusal(
        "cancelled",
        403,
        _("You cancelled the sign-in"),
        _("Start again when you are ready."),
    ),
    NotListed: Refusal(
        "not_listed",
        403,
        _("You are not on the list"),
        _(
            "TARA knows who you are, but this portal is only for the people on its white list. "
            "Ask an administrator to add you, and give them this code, exactly as it stands:"
        ),
    ),
    OtherPerson: Refusal(
        "other_person",
        403,
        _("Somebody else signed in"),
        _("To go on here, the person who began must sign in once more. To change places, sign out first."),
        somebody_stays=True,
    ),
    OldLogin: Refusal(
        "old",
        403,
        _("The sign-in service did not ask you again"),
        _("It remembered you from before. Sign out there, or close the browser, and start again."),
        somebody_stays=True,
    ),
    WeakLogin: Refusal(
        "weak",
        403,
        _("This means of sign-in is not strong enough"),
        _("Start again and choose an ID card, Mobile-ID or Smart-ID."),
    ),
}
BROKEN = Refusal(
    "broken",
    400,
    _("This sign-in cannot be used"),
    _("It was used already, took too long, or was begun in another window. Start again from here."),
)
UNREACHABLE = Refusal(
    "unreachable",
    503,
    _("The sign-in service does not answer"),
    _("TARA cannot be reached at the moment. Try again in a minute; payments go on without it."),
)


def explain(fault: BillingError) -> Refusal:
    """Return the refusal for what went wrong; a fault without words of its own is a login that came back broken."""
    refusal = next((REFUSALS[kind] for kind in type(fault).__mro__ if kind in REFUSALS), BROKEN)
    return refusal._replace(subject=fault.subject) if isinstance(fault, NotListed) else refusal
