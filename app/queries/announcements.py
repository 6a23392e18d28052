"""The public events in an order that never changes: what a cursor has passed, nothing comes before any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, select, tuple_

from app.models.announcement import Announcement
from app.queries.keyset import one, session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader is in the order of events."""

    xact: int
    id: int


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; `until` is not included, no types are all types."""

    types: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """Some events, where to go on whether or not more follow yet, and whether they do."""

    rows: list[Announcement]
    after: Position | None
    has_more: bool


def page(owns: Sequence[int], wanted: EventFilter, after: Position | None, size: int) -> Events:
    """Return the next events of these initiators, oldest first.

    Only transactions older than every one still running are shown: a later commit cannot come before the cursor.
    """
    conditions: list[ColumnElement[bool]] = [Announcement.initiator_id.in_(owns), Announcement.xact < _horizon()]
    if after is not None:
        conditions.append(tuple_(Announcement.xact, Announcement.id) > (after.xact, after.id))
    if wanted.types:
        conditions.append(Announcement.type.in_(wanted.types))
    if wanted.since is not None:
        conditions.append(Announcement.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Announcement.created_at < wanted.until)
    rows = list(
        session().scalars(
            select(Announcement).where(*conditions).order_by(Announcement.xact, Announcement.id).limit(size + 1)
        )
    )
    kept = rows[:size]
    return Events(kept, Position(kept[-1].xact, kept[-1].id) if kept else after, len(rows) > size)


def by_token(owns: Sequence[int], token: str) -> Announcement:
    """Return one event. Raises NotFound alike for what nobody has and what somebody else has."""
    found = select(Announcement).where(Announcement.token == token, Announcement.initiator_id.in_(owns))
    return one(found, "event", token)


def _horizon() -> ColumnElement[int]:
    return cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
