"""Changes by administrators, in words for a timeline: people, keys, settings, VAT rates, number ranges."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from app.domain.setting import BY_CODE
from app.web import setting_words
from app.web.filters import day
from app.web.kept_words import kept
from app.web.range_words import KIND
from app.web.roles import role_word
from app.web.scope_words import named
from app.web.timeline import Line, with_days
from app.web.translation import translate as gettext
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later as _
from app.web.vat_words import percent, vat_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask_babel import LazyString

    from app.queries.administration import Change


class Look(NamedTuple):
    """How one kind of change looks and reads; `more` says what is worth knowing of its data."""

    icon: str
    tone: str
    title: LazyString
    more: Callable[[dict[str, Any]], str] = lambda _data: ""


def lines(changes: Sequence[Change]) -> list[Line]:
    """Return the changes in words, in the order given."""
    found = []
    for each in changes:
        look = LOOKS.get(each.kind, Look("clock", "mute", _("Something else")))
        said = ", ".join(filter(None, (look.more(each.data), gettext("by %(who)s", who=_who(each.who)))))
        detail = f"{said}: {kept(each.reason)}" if each.reason else said
        found.append(Line(each.at, None, look.icon, look.tone, str(look.title), detail))
    return with_days(found)


def _who(name: str) -> str:
    return gettext("the system") if name == "system" else name


def _role(data: dict[str, Any]) -> str:
    until = data.get("until")
    word = role_word(str(data.get("role", "")))
    return gettext("%(role)s until %(day)s", role=word, day=_day(str(until)[:10])) if until else word


def _change(data: dict[str, Any]) -> str:
    before, after = _role(data.get("before", {})), _role(data.get("after", {}))
    return gettext("%(before)s before, %(after)s now", before=before, after=after) if before != after else ""


def _ended(data: dict[str, Any]) -> str:
    return ngettext("%(num)s session ended", "%(num)s sessions ended", int(data.get("sessions", 0)))


def _setting(data: dict[str, Any]) -> str:
    known = BY_CODE.get(str(data.get("setting")))
    before, after = (
        (setting_words.shown(known, value) if known else value) or gettext("empty")
        for value in (data.get("before"), data.get("after"))
    )
    return gettext("%(before)s before, %(after)s now", before=before, after=after)


def _rate(data: dict[str, Any]) -> str:
    days = gettext("%(first)s to %(last)s", first=_day(data.get("valid_from")), last=_day(data.get("valid_to")) or "…")
    return f"{vat_code(str(data.get('code', '')))}, {percent(int(data.get('basis_points', 0)))}, {days}"


def _corrected_rate(data: dict[str, Any]) -> str:
    before, after = (percent(int(of.get("basis_points", 0))) for of in (data.get("before") or {}, data))
    return f"{_rate(data)}: " + gettext("%(before)s before, %(after)s now", before=before, after=after)


def _day(kept_on: str | None) -> str:
    """Return a day as the reader writes it; what is none, as it was kept."""
    try:
        return day(date.fromisoformat(kept_on or ""))
    except ValueError:
        return kept_on or ""


def _key(data: dict[str, Any]) -> str:
    return str(data.get("name") or data.get("kid") or "")


def _scopes(data: dict[str, Any]) -> str:
    before, after = (", ".join(named(data.get(when) or [])) or gettext("everything") for when in ("before", "after"))
    return f"{_key(data)}: " + gettext("%(before)s before, %(after)s now", before=before, after=after)


def _shared(data: dict[str, Any]) -> str:
    return gettext("accepted from now on") if data.get("accepted") else gettext("refused from now on")


def _parts(data: dict[str, Any]) -> str:
    words: dict[Any, str] = {True: gettext("yes"), False: gettext("no")}
    before, after = (words.get(data.get(when), gettext("as the setting says")) for when in ("before", "after"))
    return gettext("%(before)s before, %(after)s now", before=before, after=after)


def _contact(data: dict[str, Any]) -> str:
    before, after = (str(data.get(when) or gettext("nobody")) for when in ("before", "after"))
    return gettext("%(before)s before, %(after)s now", before=before, after=after)


def _range(data: dict[str, Any]) -> str:
    bounds = f"{data['first']} \N{EN DASH} {data['last']}" if "first" in data else ""
    label = KIND[str(data["range"])].label if data.get("range") in KIND else ""
    return ", ".join(filter(None, (str(label), bounds)))


LOOKS = {
    "number_range.added": Look("plus", "good", _("Range added"), _range),
    "number_range.followed": Look("next", "wait", _("The next range is in use"), _range),
    "initiator.key.issued": Look("key", "good", _("Key made"), _key),
    "initiator.key.revoked": Look("stop", "bad", _("Key taken away"), _key),
    "initiator.key.scopes_changed": Look("key", "wait", _("Key limited"), _scopes),
    "initiator.shared_secret.changed": Look("shield", "warn", _("Shared secret"), _shared),
    "initiator.contact.changed": Look("person", "wait", _("Contact"), _contact),
    "initiator.partial_payments.changed": Look("gear", "wait", _("Payments in parts"), _parts),
    "setting.changed": Look("gear", "wait", _("Changed"), _setting),
    "setting.undone": Look("gear", "warn", _("Undone"), _setting),
    "white_code.added": Look("person", "good", _("Let in"), _role),
    "white_code.changed": Look("person", "wait", _("Access changed"), _change),
    "white_code.revoked": Look("stop", "bad", _("Access taken away"), _ended),
    "operator.session.ended": Look("out", "mute", _("Session ended")),
    "vat_rate.added": Look("plus", "good", _("VAT rate added"), _rate),
    "vat_rate.corrected": Look("check", "warn", _("VAT rate put right"), _corrected_rate),
    "vat_rate.ended": Look("stop", "warn", _("VAT rate ended"), _rate),
}
