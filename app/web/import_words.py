"""What people read about imports: what is brought, by whom, how far it is, and why nothing came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.import_run import Fault, Phase, RunState
from app.web.service_names import called
from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString

    from app.models.import_batch import ImportBatch

NAME = {"invoices": _("Import of invoices"), "references": _("Import of references")}
MOVE = _("the move from the system before")
STATE: dict[str, Word] = {
    RunState.RUNNING: Word(_("Under way"), "wait"),
    RunState.DONE: Word(_("Done"), "good"),
    RunState.FAILED: Word(_("Failed"), "bad"),
    RunState.INTERRUPTED: Word(_("Interrupted"), "warn"),
}
PHASE = {
    Phase.READING: _("Its rows are read."),
    Phase.CHECKING: _("They are laid beside what is here already."),
    Phase.WRITING: _("What is new is written."),
    Phase.BOOKING: _("Every amount is booked."),
    Phase.TELLING: _("The timeline of each invoice is written."),
    Phase.PROVING: _("The database checks every sum."),
    Phase.CLOSING: _("The last look; then all of it is here at once."),
}
STEPS = list(PHASE)


class Failure(NamedTuple):
    """Why nothing was taken, in a headline, and what to do."""

    headline: LazyString
    rest: LazyString


FAILURE = {
    Fault.REFUSED: Failure(
        _("It was refused: nothing was taken"), _("Whoever sent it was told why, and may send it again.")
    ),
    Fault.BROKEN: Failure(
        _("It broke here: nothing was taken"),
        _("It has been written down. Send it again, and tell an administrator if it breaks again."),
    ),
    Fault.INTERRUPTED: Failure(
        _("It was interrupted: nothing was taken"),
        _("The process that brought it ended in the middle. Send it again: all of it comes then."),
    ),
}


def install(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.globals["import_steps"] = len(STEPS)
    for each in (import_name, brought_by, import_word, phase_name, phase_step, import_failure):
        app.jinja_env.filters[each.__name__] = each


def import_name(kind: str) -> str:
    """Return what an import is called."""
    return str(NAME.get(kind, kind))


def brought_by(batch: ImportBatch) -> str:
    """Return who brought it."""
    return str(MOVE) if batch.source == "legacy" else called(batch.actor.partition(":")[2])


def import_word(state: RunState) -> Word:
    """Return the word for where an import stands."""
    return STATE[state]


def phase_name(phase: str) -> str:
    """Return what an import is at."""
    return str(PHASE[Phase(phase)])


def phase_step(phase: str) -> int:
    """Return which step an import is at, counted from 1."""
    return STEPS.index(Phase(phase)) + 1


def import_failure(fault: str | None) -> Failure:
    """Return why nothing was taken; one that nobody has ended yet was interrupted."""
    return FAILURE[Fault(fault or Fault.INTERRUPTED)]
