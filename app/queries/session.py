"""The session all queries read with."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.extensions import db

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def session() -> Session:
    """Return the session to read with: the open transaction's inside a verb, the request's elsewhere."""
    return cast("Session", db.session())
