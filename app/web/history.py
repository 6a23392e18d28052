"""What was done in the house, in words for a timeline: people, keys, settings, number ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from app.web.filters import day
from app.web.roles import role_word
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later as later
from app.web.vat_words import percent, vat_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from flask_babel import LazyString

    from app.queries.house import Done


class Told(NamedTuple):
    """One line as the timeline shows it; `new_day` is the ISO date where it differs from the line above."""

    at: datetime
    new_day: str | None
    icon: str
    tone: str
    title: str
    detail: str


class Look(NamedTuple):
    """How one kind of deed looks and reads; `more` says what is worth knowing of its data."""

    icon: str
    tone: str
    title: LazyString
    more: Callable[[dict[str, Any]], str] = lambda _data: ""


def told(deeds: Sequence[Done]) -> list[Told]:
    """Return the deeds in words, in the order given."""
    lines, above = [], None
    for each in deeds:
        look = LOOKS.get(each.kind, Look("clock", "mute", later("Something else")))
        deed = ", ".join(filter(None, (look.more(each.data), _("by %(who)s", who=_who(each.who)))))
        detail = f"{deed}: {each.reason}" if each.reason else deed
        at_day = day(each.at)
        new_day = at_day if at_day != above else None
        lines.append(Told(each.at, new_day, look.icon, look.tone, str(look.title), detail))
        above = at_day
    return lines


def _who(name: str) -> str:
    return _("the system") if name == "system" else name


def _role(data: dict[str, Any]) -> str:
    until = data.get("until")
    word = role_word(str(data.get("role", "")))
    return _("%(role)s until %(day)s", role=word, day=str(until)[:10]) if until else word


def _change(data: dict[str, Any]) -> str:
    before, after = _role(data.get("before", {})), _role(data.get("after", {}))
    return _("%(before)s before, %(after)s now", before=before, after=after) if before != after else ""


def _ended(data: dict[str, Any]) -> str:
    return ngettext("%(num)s session ended", "%(num)s sessions ended", int(data.get("sessions", 0)))


def _rate(data: dict[str, Any]) -> str:
    days = _("%(first)s to %(last)s", first=data.get("valid_from", ""), last=data.get("valid_to") or "…")
    return f"{vat_code(str(data.get('code', '')))}, {percent(int(data.get('basis_points', 0)))}, {days}"


LOOKS = {
    "white_code.added": Look("person", "good", later("Let in"), _role),
    "white_code.changed": Look("person", "wait", later("Access changed"), _change),
    "white_code.revoked": Look("stop", "bad", later("Access taken away"), _ended),
    "operator.session.ended": Look("out", "mute", later("Session ended")),
    "vat_rate.added": Look("plus", "good", later("VAT rate added"), _rate),
    "vat_rate.ended": Look("stop", "warn", later("VAT rate ended"), _rate),
}
