"""Who the people behind the actions are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.models.operator import Operator
from app.queries.keyset import session

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGN = "operator:"


def names(actors: Iterable[str | None]) -> dict[str, str]:
    """Return the names of the people among these actors, such as `operator:7`; nobody else is in the answer."""
    ids = {
        int(each.removeprefix(SIGN))
        for each in actors
        if each and each.startswith(SIGN) and each[len(SIGN) :].isdigit()
    }
    if not ids:
        return {}
    found = session().execute(select(Operator.id, Operator.name, Operator.subject).where(Operator.id.in_(ids)))
    return {f"{SIGN}{row.id}": row.name or row.subject for row in found}
