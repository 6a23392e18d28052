"""Newest-first pages of what several initiators own, each part read from its own index, so that no page is dear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, select, tuple_, union_all

from app.queries.paging import Cursor, next_cursor
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """Some rows and where they end; `after` is None when nothing follows."""

    rows: list[T]
    after: Cursor | None


def newest(
    model: Any, owns: Sequence[int], wanted: Sequence[ColumnElement[bool]], cursor: Cursor | None, size: int
) -> Slice[Any]:
    """Return up to `size` rows of a table whose rows have an initiator, those after the cursor, newest first."""
    conditions = [*wanted]
    if cursor is not None:
        conditions.append(tuple_(model.created_at, model.id) < (cursor.created_at, cursor.id))
    parts = [_part(model, owner, conditions, size) for owner in owns]
    ids = union_all(*(select(each.subquery().c.id) for each in parts)).subquery()
    found: Select[Any] = (
        select(model).where(model.id.in_(select(ids.c.id))).order_by(model.created_at.desc(), model.id.desc())
    )
    return cut(list(session().scalars(found.limit(size + 1))), size)


def cut(rows: list[Any], size: int) -> Slice[Any]:
    """Return the page of rows that were read with one too many, to know whether more follow."""
    return Slice(rows[:size], next_cursor(rows, size))


def _part(model: Any, owner: int, conditions: list[ColumnElement[bool]], size: int) -> Select[Any]:
    return (
        select(model.id)
        .where(model.initiator_id == owner, *conditions)
        .order_by(model.created_at.desc(), model.id.desc())
        .limit(size + 1)
    )
