"""A bug is caught in one place: here, where it is logged once under an id that its row keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import structlog
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")
LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Crash:
    """An exception nobody expected. `is_ours` is False when the database failed us and the code may be sound."""

    error_class: str
    sentence: str
    traceback_id: str
    is_ours: bool


def attempt(call: Callable[[], R], **facts: object) -> R | Crash:
    """Return what the call returns, or the Crash it ended in; `facts` go to the log with the traceback."""
    try:
        return call()
    except Exception as fault:
        traceback_id = uuid4().hex
        LOG.exception("crash", traceback_id=traceback_id, **facts)
        sentence = (str(fault).splitlines() or [""])[0][:500]
        return Crash(type(fault).__name__, sentence, traceback_id, not isinstance(fault, DBAPIError))
