"""A bug is caught in one place: here, where it is logged once under an id that its row keeps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import structlog
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")
WAITS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # how long a database that is away is waited for
LONGEST_S = sum(WAITS_S)  # together with the tries between them: one that finds nobody at all takes two seconds
STOPPING_S = 4.0  # and once a stop was asked for: a database restarted beside us is back by then, one that ends is not
LOOK_S = 0.1
LOG = structlog.get_logger(__name__)


class DatabaseStayedAway(Exception):
    """The database was waited for and did not come back: what is left of this job would wait as long once more."""


@dataclass(slots=True)
class Patience:
    """For how long this process waits for a database that is away: less from the moment it is asked to stop."""

    hurried_at: float | None = None

    def hurry(self) -> None:
        """Wait no longer than STOPPING_S from now on; may be called from a signal handler."""
        if self.hurried_at is None:
            self.hurried_at = time.monotonic()

    def wait(self, wait_s: float, began_at: float) -> bool:
        """Wait before the next try and return whether there is to be one. Sleeps lightly: a stop may be asked for."""
        ends_at = time.monotonic() + wait_s
        while not (over := time.monotonic() >= self._ends_at(began_at)) and (left := ends_at - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_S))
        return not over

    def _ends_at(self, began_at: float) -> float:
        longest = began_at + LONGEST_S
        return longest if self.hurried_at is None else min(longest, self.hurried_at + STOPPING_S)


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Crash:
    """An exception nobody expected.

    `is_ours` is False when the database failed us and the code may be sound; `is_away` says that it is not there.
    """

    error_class: str
    sentence: str
    traceback_id: str
    is_ours: bool
    is_away: bool = False


def attempt(call: Callable[[], R], **facts: object) -> R | Crash:
    """Return what the call returns, or the Crash it ended in; `facts` go to the log with the traceback."""
    try:
        return call()
    except Exception as fault:
        traceback_id = uuid4().hex
        LOG.exception("crash", traceback_id=traceback_id, **facts)
        sentence = (str(fault).splitlines() or [""])[0][:500]
        is_theirs = isinstance(fault, DBAPIError | DatabaseStayedAway)
        return Crash(type(fault).__name__, sentence, traceback_id, not is_theirs, _is_away(fault))


def attempt_through_outage(call: Callable[[], R], **facts: object) -> R | Crash:
    """Return what `attempt` returns, repeating the call for up to 16 seconds while the database is away.

    For what only this process knows: the outcome of a call it has made is worth waiting for. Once a stop was asked for
    it is waited for briefly: a lost outcome is looked up again, a process that stays is killed.
    """
    began_at = time.monotonic()
    result = attempt(call, **facts)
    for wait_s in WAITS_S:
        if not (isinstance(result, Crash) and result.is_away and PATIENCE.wait(wait_s, began_at)):
            break
        result = attempt(call, **facts)
    return result


def _is_away(fault: Exception) -> bool:
    """Return whether a connection was lost or refused: such a failure has no SQLSTATE, or one of class 08 or 57P."""
    if not isinstance(fault, DBAPIError):
        return isinstance(fault, DatabaseStayedAway)
    state = getattr(fault.orig, "sqlstate", None) or ""
    return fault.connection_invalidated or not state or state.startswith(("08", "57P"))
