"""The settings as the page shows them: those of the table by group, and the environment with secrets hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import current_app

from app.config import PARTS, production
from app.domain.setting import ALL, Group, Known
from app.queries import actors
from app.queries.settings import all_of
from app.web import setting_words
from app.web.setting_words import GROUP, SETTING, SettingWords

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from app.config import Settings

TRUTHS = {True: "true", False: "false"}


class Row(NamedTuple):
    """One setting: what counts now, what counts without a value, and who changed it when."""

    known: Known
    words: SettingWords
    kept: str | None
    shown: str
    default: str
    before: str | None
    changed_by: str
    changed_at: datetime | None


class Named(NamedTuple):
    """One setting of the environment; a secret is only said to be there. `value` is None when it is not set."""

    name: str
    is_secret: bool
    value: str | None


def by_group() -> list[tuple[SettingWords, list[Row]]]:
    """Return every setting of the table, group by group."""
    rows = list(_rows())
    return [(GROUP[group], [row for row in rows if row.known.group is group]) for group in Group]


def row_of(code: str) -> Row:
    """Return one of them."""
    return next(row for row in _rows() if row.known.code == code)


def environment() -> list[tuple[str, list[Named]]]:
    """Return what the environment says, by the provider it is about."""
    settings: Settings = current_app.extensions["settings"]
    groups = {"": settings, **{part: getattr(settings, part) for part in PARTS}}
    return [(name, [_named(said) for said in production.read(group)]) for name, group in groups.items()]


def _named(said: production.Said) -> Named:
    if said.value in {None, ""} or said.value == ():
        return Named(said.name, said.is_secret, None)
    value = " ".join(map(str, said.value)) if isinstance(said.value, tuple) else _plain(said.value)
    return Named(said.name, said.is_secret, "" if said.is_secret else value)


def _plain(value: object) -> str:
    return TRUTHS[value] if isinstance(value, bool) else str(value)


def _rows() -> Iterator[Row]:
    kept = all_of()
    settings: Settings = current_app.extensions["settings"]
    of_environment = {
        "partial_payments": TRUTHS[settings.partial_payments],
        "session_idle_minutes": str(settings.session_idle_s // 60),
        "session_max_hours": str(settings.session_max_s // 3600),
    }
    names = actors.names_by_id({(row.updated_by or "").rpartition(":")[2] for row in kept.values()})
    for known in ALL:
        row = kept.get(known.code)
        value = row.value if row else None
        default = setting_words.default(known, of_environment)
        changed_at = row.updated_at if row else None
        by = (row.updated_by or "").rpartition(":")[2] if row else ""
        before = (setting_words.shown(known, row.previous_value) or default) if row and changed_at else None
        shown = setting_words.shown(known, value) or default
        yield Row(known, SETTING[known.code], value, shown, default, before, names.get(by, by), changed_at)
