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
LOG = structlog.get_logger(__name__)


class DatabaseStayedAway(Exception):
    """The database was waited for and did not come back: what is left of this job would wait as long once more."""


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
        return Crash(type(fault).__name__, sentence, traceback_id, not isinstance(fault, DBAPIError), _is_away(fault))


def attempt_through_outage(call: Callable[[], R], **facts: object) -> R | Crash:
    """Return what `attempt` returns, repeating the call for up to 16 seconds while the database is away.

    For what only this process knows: the outcome of a call it has made is worth waiting for.
    """
    result = attempt(call, **facts)
    for wait_s in WAITS_S:
        if not (isinstance(result, Crash) and result.is_away):
            break
        time.sleep(wait_s)
        result = attempt(call, **facts)
    return result


def _is_away(fault: Exception) -> bool:
    """Return whether a connection was lost or refused: such a failure has no SQLSTATE, or one of class 08 or 57P."""
    if not isinstance(fault, DBAPIError):
        return False
    state = getattr(fault.orig, "sqlstate", None) or ""
    return fault.connection_invalidated or not state or state.startswith(("08", "57P"))
