"""Who did it, by name: what is kept beside a deed is `operator:12`, what people read is a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.models.operator import Operator
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

KIND = "operator:"
PERSON = re.compile(rf"\b{KIND}[0-9]{{1,18}}\b", re.ASCII)


def named_in(text: str) -> list[str]:
    """Return the people a kept sentence speaks of, as they are kept."""
    return PERSON.findall(text)


def names(actors: Iterable[str | None]) -> dict[str, str]:
    """Return the names of those of these who are people of the portal, by what is kept of them."""
    keys = {each.removeprefix(KIND) for each in actors if each and each.startswith(KIND)}
    ids = sorted(int(each) for each in keys if each.isascii() and each.isdigit())
    if not ids:
        return {}
    found = session().execute(select(Operator.id, Operator.name, Operator.subject).where(Operator.id.in_(ids)))
    return {f"{KIND}{key}": name or subject for key, name, subject in found}


def names_by_id(ids: Collection[str]) -> dict[str, str]:
    """Return the names of people of the portal by their ids, which events keep as text; other words are left out."""
    whole = [int(each) for each in ids if each.isdecimal()]
    rows = session().execute(select(Operator.id, Operator.name).where(Operator.id.in_(whole))) if whole else ()
    return {str(key): name for key, name in rows}
