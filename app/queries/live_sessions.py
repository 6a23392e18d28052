"""When a session of the portal has not ended: one rule for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.models.operator import OperatorSession

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class SessionLengths:
    """After how many seconds a session ends: unused, and in any case."""

    idle_s: int
    max_s: int


def is_live(lengths: SessionLengths) -> list[ColumnElement[bool]]:
    """Return the conditions: nobody ended it, and neither its age nor being left alone did."""
    now = datetime.now(UTC)
    return [
        OperatorSession.ended_at.is_(None),
        OperatorSession.expires_at > now,
        OperatorSession.created_at > now - timedelta(seconds=lengths.max_s),
        OperatorSession.last_seen_at > now - timedelta(seconds=lengths.idle_s),
    ]
