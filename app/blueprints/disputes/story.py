"""A dispute in words: where it stands, how long is left, and what happened to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain.dispute import OPEN, DisputeStatus
from app.domain.tallinn import TALLINN
from app.web.filters import day, money
from app.web.kept_words import kept
from app.web.timeline import actor, lines_of, with_reason
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext
from app.web.words import Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.models.dispute import Dispute
    from app.queries.disputes import DisputeDetail
    from app.web.timeline import Line, Looks

SOON = 3


def left(dispute: Dispute) -> Word:
    """Return how long evidence may still be handed in, in words with their tone."""
    if dispute.status not in OPEN:
        return Word(_("ended"), "off")
    if dispute.status == DisputeStatus.UNDER_REVIEW:
        return Word(_("handed in"), "wait")
    if dispute.evidence_due_on is None:
        return Word(_("no deadline known"), "mute")
    days = (dispute.evidence_due_on - datetime.now(UTC).astimezone(TALLINN).date()).days
    if days < 0:
        return Word(ngettext("%(num)d day too late", "%(num)d days too late", -days), "bad")
    if not days:
        return Word(_("today is the last day"), "bad")
    return Word(ngettext("%(num)d day left", "%(num)d days left", days), "warn" if days <= SOON else "mute")


def answer(found: DisputeDetail) -> tuple[str, str, str]:
    """Return where it stands: tone, sentence, and what to do."""
    dispute = found.dispute
    sum_ = money(dispute.amount_minor, dispute.currency)
    tone, headline, rest = ANSWERS[DisputeStatus(dispute.status)](sum_)
    if dispute.status not in OPEN:
        return tone, headline, kept(dispute.outcome)
    if dispute.status == DisputeStatus.OPENED and dispute.evidence_due_on:
        rest = _("Evidence is due on %(day)s: %(left)s.", day=day(dispute.evidence_due_on), left=left(dispute).label)
    return tone, headline, rest


ANSWERS: dict[DisputeStatus, Callable[[str], tuple[str, str, str]]] = {
    DisputeStatus.OPENED: lambda sum_: (
        "bad",
        _("The payer's bank asks for %(amount)s", amount=sum_),
        _("Hand the evidence in at the gateway's portal and note it here, or accept."),
    ),
    DisputeStatus.UNDER_REVIEW: lambda sum_: (
        "wait",
        _("The bank decides about %(amount)s", amount=sum_),
        _("Note the verdict here when it comes. Until then the money cannot be refunded."),
    ),
    DisputeStatus.WON: lambda sum_: ("good", _("%(amount)s stay with us", amount=sum_), ""),
    DisputeStatus.LOST: lambda sum_: ("bad", _("%(amount)s went back to the payer", amount=sum_), ""),
    DisputeStatus.CLOSED: lambda sum_: ("mute", _("It ended without a verdict: %(amount)s stay", amount=sum_), ""),
}
LOOKS: Looks = {
    "dispute.opened": ("warning", "bad", lambda: _("Opened")),
    "dispute.updated": ("clock", "wait", lambda: _("Evidence is handed in")),
    "dispute.deadline": ("bell", "warn", lambda: _("Deadline comes near")),
    "dispute.won": ("check", "good", lambda: _("Won")),
    "dispute.closed": ("stop", "mute", lambda: _("Ended without a verdict")),
    "payment.charged_back": ("refund", "bad", lambda: _("Lost, and booked")),
}


def story(found: DisputeDetail) -> list[Line]:
    """Return what happened to the dispute, newest first."""
    return lines_of(found.happenings, LOOKS, lambda each: with_reason(actor(each, found.names), each))
