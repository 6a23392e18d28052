"""Reference numbers as their services may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select

from app.models.reference import Reference
from app.queries.keyset import Slice, newest
from app.queries.lookup import one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.queries.paging import Cursor


def search(owns: Sequence[int], email: str, cursor: Cursor | None, size: int) -> Slice[Reference]:
    """Return a page of the reference numbers of these initiators, newest first; all, or those of one e-mail address."""
    wanted: list[ColumnElement[bool]] = [func.lower(Reference.email) == email.lower()] if email else []
    return newest(Reference, owns, wanted, cursor, size)


def by_number(owns: Sequence[int], number: str) -> Reference:
    """Return one reference. Raises NotFound alike for what nobody has and what somebody else has."""
    found = select(Reference).where(Reference.number == number, Reference.initiator_id.in_(owns))
    return one(found, "reference", number)
