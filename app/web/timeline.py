"""Lines of a timeline as the component of that name shows them, newest first, the day above where it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.web.actor_words import by_whom
from app.web.filters import day
from app.web.kept_words import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from app.queries.timeline import Happening

    # Icon, tone and title of a kind of event; the title is translated when it is read, not when its module is.
    Looks = Mapping[str, tuple[str, str, Callable[[], str]]]


class Line(NamedTuple):
    """One line; `new_day` is the ISO date where it differs from the line above.

    What is internal, such as notes the payer never sees, is left out on paper; `paper_day` stands in for a day it said.
    """

    at: datetime
    new_day: str | None
    icon: str
    tone: str
    title: str
    detail: str
    is_internal: bool = False
    paper_day: str | None = None


def lines_of(happenings: Sequence[Happening], looks: Looks, detail: Callable[[Happening], str]) -> list[Line]:
    """Return a line for each event of a kind that `looks` knows, in the order given."""
    found = []
    for each in happenings:
        if each.kind in looks:
            icon, tone, title = looks[each.kind]
            found.append(Line(each.at, None, icon, tone, title(), detail(each)))
    return with_days(found)


def with_days(lines: Iterable[Line]) -> list[Line]:
    """Return the lines with the day said where it is another than above."""
    found, above, on_paper = [], None, None
    for line in lines:
        its = day(line.at)
        found.append(line._replace(new_day=its if its != above else None, paper_day=its if its != on_paper else None))
        above = its
        on_paper = on_paper if line.is_internal else its
    return found


def actor(each: Happening, names: Mapping[str, str]) -> str:
    """Return who did it, a person by name."""
    return by_whom(f"{each.actor_kind}:{each.actor}" if each.actor else each.actor_kind, names)


def with_reason(who: str, each: Happening) -> str:
    """Return who did it and why, if a reason is kept."""
    return f"{who}: {kept(each.reason)}" if each.reason else who
