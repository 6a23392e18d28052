"""Counting up to a limit: beyond it a list says "more than", and an exact number would cost a walk over all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from app.queries.paging import Count
from app.queries.session import session

if TYPE_CHECKING:
    from sqlalchemy import Select


def count_up_to(limit: int, matching: Select[Any]) -> Count:
    """Return how many rows a query has, counted up to a limit; its rows should be no more than ids."""
    some = matching.limit(limit + 1).subquery()
    return Count.capped(session().scalar(select(func.count()).select_from(some)) or 0, limit)
