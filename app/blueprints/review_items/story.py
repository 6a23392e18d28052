"""A question in words: its evidence, and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web import actor_words
from app.web.review_item_words import TEAM
from app.web.timeline import actor, lines_of, with_reason
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.models.base import Json
    from app.queries.review_items import ReviewItemDetail
    from app.queries.timeline import Happening
    from app.web.timeline import Line, Looks


LOOKS: Looks = {
    "review.item.opened": ("question", "warn", lambda: _("Asked")),
    "review.item.taken": ("person", "mute", lambda: _("Taken")),
    "review.item.handed_on": ("person", "mute", lambda: _("Handed on")),
    "review.item.looked": ("fetch", "wait", lambda: _("The gateway is asked again")),
    "review.item.resolved": ("check", "good", lambda: _("Decided")),
}


def owner_word(owner: str, names: Mapping[str, str]) -> str:
    """Return whose a question is: a person's by name, or the team's."""
    return _("finance team") if owner == TEAM else actor_words.by_whom(owner, names)


def story(found: ReviewItemDetail) -> list[Line]:
    """Return what happened to the question, newest first."""
    return lines_of(found.happenings, LOOKS, lambda each: _detail(each, found))


def _detail(each: Happening, found: ReviewItemDetail) -> str:
    if each.kind == "review.item.opened":
        return ""
    who = actor(each, found.names)
    if each.kind == "review.item.handed_on":
        to = owner_word(str(each.data.get("owner", "")), found.names)
        who = _("%(who)s to %(to)s", who=who, to=to)
    return with_reason(who, each)


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
