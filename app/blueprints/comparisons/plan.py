"""What mending a difference would do, after a dry run, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from app.web import comparison_words
from app.web.confirmation import Confirmation, ConfirmationForm
from app.web.filters import money
from app.web.translation import translate as _
from app.web.words import payment_word

if TYPE_CHECKING:
    from app.queries.comparisons import DifferenceDetail
    from app.services.repairs import Rehearsal


def plan(found: DifferenceDetail, rehearsal: Rehearsal, form: ConfirmationForm) -> Confirmation:
    """Return the question before mending: what the gateway says now, and what would be booked or closed."""
    return Confirmation(
        title=_("Mend this difference?"),
        action=url_for("comparisons.create_repair", difference_id=found.difference.id),
        back=url_for("comparisons.show", difference_id=found.difference.id),
        send=_("Mend it") if rehearsal.mends else _("Look once more"),
        warning="" if rehearsal.mends else _("Looking again does not mend this: a person must decide the question"),
        sentences=(_("The gateway was asked just now; nothing has been written yet."), _effect(rehearsal)),
        facts=_facts(rehearsal),
        form=form,
    )


def _effect(rehearsal: Rehearsal) -> str:
    if rehearsal.found is None:
        return _("Both books agree by now: nothing is booked, the difference and its question are closed.")
    if rehearsal.mends:
        return _("What the gateway says is booked, the invoice follows, its service is told, the difference is closed.")
    return str(comparison_words.MEANING[rehearsal.found.difference.kind])


def _facts(rehearsal: Rehearsal) -> tuple[tuple[str, str], ...]:
    ours = rehearsal.ours.ours
    facts: list[tuple[str, str]] = []
    if ours is not None:
        held = money(ours.held_minor, ours.amount.currency)
        status = str(payment_word(ours.status).label)
        facts.append((_("Our books"), _("%(status)s, %(held)s held", status=status, held=held)))
    if rehearsal.found is None:
        facts.append((_("The gateway"), _("the same")))
        return tuple(facts)
    theirs = rehearsal.found.theirs
    facts.append((_("The gateway"), _("does not know it") if theirs is None else str(theirs.state)))
    if theirs is not None and theirs.standing is not None:
        facts.append((_("Held there"), money(theirs.standing.minor, theirs.standing.currency)))
    currency = ours.amount.currency if ours is not None else "EUR"
    facts.append((_("At stake"), money(rehearsal.found.difference.at_stake_minor, currency)))
    return tuple(facts)
