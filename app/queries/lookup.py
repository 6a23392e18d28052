"""One row by the name a service knows it by: a public token, never one of our keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from app.domain.errors import NotFound
from app.queries.session import session

if TYPE_CHECKING:
    from sqlalchemy import Select

T = TypeVar("T")

_LONGEST = 64
_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{_LONGEST}}}", re.ASCII)


def one(found: Select[T], noun: str, key: str) -> T:
    """Return the row with a name that came from outside. Raises NotFound, also for what no name can be."""
    row = (
        session().scalars(found.execution_options(populate_existing=True)).one_or_none()
        if _NAME.fullmatch(key)
        else None
    )
    if row is None:
        raise NotFound(noun, key[:_LONGEST])
    return row
