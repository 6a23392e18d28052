"""The public events in an order that never changes: what a cursor has passed, nothing comes before any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Select, func, select, tuple_, union_all

from app.models.announcement import Announcement
from app.queries.lookup import one
from app.queries.session import session

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


def page(
    owns: Sequence[int], wanted: EventFilter, after: Position | None, size: int, *, settled: bool = True
) -> Events:
    """Return the next events of these initiators, oldest first.

    Only transactions older than every one still running are shown: a later commit cannot come before the cursor.
    Unless `settled`, all that is committed is shown: to be sent again, when what comes later is sent by itself.
    """
    parts = [_part(owner, _conditions(wanted, after, settled=settled), size) for owner in owns]
    ids = union_all(*(select(each.subquery().c.id) for each in parts)).subquery()
    found = select(Announcement).where(Announcement.id.in_(select(ids.c.id)))
    rows = list(session().scalars(found.order_by(Announcement.xact, Announcement.id).limit(size + 1)))
    kept = rows[:size]
    return Events(kept, Position(kept[-1].xact, kept[-1].id) if kept else after, len(rows) > size)


def _conditions(wanted: EventFilter, after: Position | None, *, settled: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Announcement.xact < func.announcement_horizon()] if settled else []
    if after is not None:
        conditions.append(tuple_(Announcement.xact, Announcement.id) > (after.xact, after.id))
    if wanted.types:
        conditions.append(Announcement.type.in_(wanted.types))
    if wanted.since is not None:
        conditions.append(Announcement.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Announcement.created_at < wanted.until)
    return conditions


def _part(owner: int, conditions: list[ColumnElement[bool]], size: int) -> Select[int]:
    """Return the next events of one initiator: read from its own index, so that no page is dear."""
    return (
        select(Announcement.id)
        .where(Announcement.initiator_id == owner, *conditions)
        .order_by(Announcement.xact, Announcement.id)
        .limit(size + 1)
    )


def by_token(owns: Sequence[int], token: str) -> Announcement:
    """Return one event. Raises NotFound alike for what nobody has and what somebody else has."""
    found = select(Announcement).where(Announcement.token == token, Announcement.initiator_id.in_(owns))
    return one(found, "event", token)
