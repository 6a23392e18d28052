"""Where the chains stood: the heads that were noted, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.models.seal import Anchor
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 14  # a week of two chains


def last() -> Sequence[Anchor]:
    """Return the last heads that were noted."""
    return session().scalars(select(Anchor).order_by(Anchor.id.desc()).limit(SHOWN)).all()
