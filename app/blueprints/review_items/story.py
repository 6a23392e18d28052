"""A question in words: its evidence, and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.web import desk_words
from app.web.filters import day
from app.web.kept_words import kept
from app.web.review_item_words import TEAM
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from app.models.base import Json
    from app.queries.review_items import ReviewItemDetail
    from app.queries.timeline import Happening


class Line(NamedTuple):
    """One line of the story; `new_day` is the ISO date where it differs from the line above."""

    at: datetime
    new_day: str | None
    icon: str
    tone: str
    title: str
    detail: str


LOOKS: dict[str, tuple[str, str, Callable[[], str]]] = {
    "review.item.opened": ("question", "warn", lambda: _("Asked")),
    "review.item.taken": ("person", "mute", lambda: _("Taken")),
    "review.item.handed_on": ("person", "mute", lambda: _("Handed on")),
    "review.item.looked": ("fetch", "wait", lambda: _("The gateway is asked again")),
    "review.item.resolved": ("check", "good", lambda: _("Decided")),
}


def owner_word(owner: str, names: Mapping[str, str]) -> str:
    """Return whose a question is: a person's by name, or the team's."""
    return _("finance team") if owner == TEAM else desk_words.by_whom(owner, names)


def story(found: ReviewItemDetail) -> list[Line]:
    """Return what happened to the question, newest first."""
    lines: list[Line] = []
    for each in found.happenings:
        if each.kind in LOOKS:
            icon, tone, title = LOOKS[each.kind]
            above = day(lines[-1].at) if lines else None
            new_day = day(each.at) if day(each.at) != above else None
            lines.append(Line(each.at, new_day, icon, tone, title(), _detail(each, found)))
    return lines


def _detail(each: Happening, found: ReviewItemDetail) -> str:
    if each.kind == "review.item.opened":
        return ""
    who = desk_words.by_whom(f"{each.actor_kind}:{each.actor}" if each.actor else each.actor_kind, found.names)
    if each.kind == "review.item.handed_on":
        to = owner_word(str(each.data.get("owner", "")), found.names)
        who = _("%(who)s to %(to)s", who=who, to=to)
    return f"{who}: {kept(each.reason)}" if each.reason else who


def evidence(found: Json) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    """Return the evidence as names and values, and as name, our value and theirs where there are both."""
    ours, theirs = found.get("ours"), found.get("theirs")
    pairs: list[tuple[str, str, str]] = []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        pairs = [(_named(name), _said(ours.get(name)), _said(theirs.get(name))) for name in {**ours, **theirs}]
    plain = [(_named(name), _said(value)) for name, value in found.items() if not isinstance(value, dict)]
    return plain, pairs


def _named(name: str) -> str:
    return name.replace("_", " ")


def _said(value: object) -> str:
    return "\N{EN DASH}" if value is None else str(value)
