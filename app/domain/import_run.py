"""An import under way: what it is at, and how it may end."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """What an import is at, in this order. Only the first can be counted: each other one is about all rows at once."""

    READING = "reading"
    CHECKING = "checking"
    WRITING = "writing"
    BOOKING = "booking"
    TELLING = "telling"
    PROVING = "proving"
    CLOSING = "closing"


class Fault(StrEnum):
    """Why an import took nothing: it was refused, it broke here, or its process ended in the middle."""

    REFUSED = "refused"
    BROKEN = "broken"
    INTERRUPTED = "interrupted"


class RunState(StrEnum):
    """Where an import stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


def state_of(*, ended: bool, fault: str | None, lost: bool) -> RunState:
    """Return where an import stands; `lost` says that nobody brings it any more, though nobody has ended it yet."""
    if fault == Fault.INTERRUPTED or (lost and not ended):
        return RunState.INTERRUPTED
    if fault is not None:
        return RunState.FAILED
    return RunState.DONE if ended else RunState.RUNNING
