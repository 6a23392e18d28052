"""What people type, made safe to keep: values are kept as typed, faults are sentences by field (house.md 5).

The only reader of forms: a form of its own is a `Typed`, a field or two are read by the functions below it.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from app.domain.errors import Invalid
from app.domain.money import Money, parse_amount
from app.domain.tallinn import TALLINN
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from werkzeug.datastructures import MultiDict

NBSP = "\N{NO-BREAK SPACE}"
SPACES = str.maketrans("", "", f" {NBSP}\N{NARROW NO-BREAK SPACE}")
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
# What does not fit into the database's numbers is no key of ours.
ROW_KEY = re.compile(r"[0-9]{1,18}", re.ASCII)
REASON = (3, 500)
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
LAST_YEAR = 2100


class Typed:
    """A form as it was sent: `values` are shown again, `faults` say by field what is not right yet."""

    def __init__(self, form: MultiDict[str, str]) -> None:
        self._form = form
        self.faults: dict[str, str] = {}

    def value(self, name: str) -> str:
        """Return what was typed, as it is shown again: whole, however long, for who typed it shortens it."""
        return self._form.get(name, "").strip()

    def text(self, name: str, *, least: int = 0, most: int = 200) -> str:
        """Return one line of text; control and direction characters are refused (security.md T63)."""
        typed = unicodedata.normalize("NFC", self.value(name)).replace(NBSP, " ")
        if len(typed) < least:
            empty = _("This is needed")
            self.faults[name] = (
                empty if not typed else ngettext("At least %(num)s character", "At least %(num)s characters", least)
            )
        elif len(typed) > most:
            self.faults[name] = ngettext("At most %(num)s character", "At most %(num)s characters", most)
        elif not typed.isprintable():
            self.faults[name] = _("Only letters, digits and signs that can be seen")
        return typed

    def lines_of_text(self, name: str, *, most: int = 2000) -> str:
        """Return several lines of text, without signs that cannot be seen."""
        typed = unicodedata.normalize("NFC", self._form.get(name, "")).replace("\r\n", "\n").strip()
        if len(typed) > most:
            self.faults[name] = ngettext("At most %(num)s character", "At most %(num)s characters", most)
        elif not all(line.replace(NBSP, " ").replace("\t", " ").isprintable() for line in typed.split("\n")):
            self.faults[name] = _("Only letters, digits and signs that can be seen")
        return typed

    def reason(self) -> str:
        """Return why somebody does this; the timeline keeps it."""
        return reason(self._form, self.faults)

    @property
    def key(self) -> str:
        """Return the key of this form, the same however often it is sent; a strange one is replaced."""
        found = self.value("key")
        return found if KEY.fullmatch(found) else new_key()

    def choice(self, name: str, options: Collection[str]) -> str:
        """Return one of the options."""
        typed = self.value(name)
        if typed not in options:
            self.faults[name] = _("Choose one of the list")
        return typed

    def choices(self, name: str, options: Collection[str]) -> list[str]:
        """Return those options that were ticked; anything else is a fault."""
        ticked = self._form.getlist(name)
        if set(ticked) - set(options):
            self.faults[name] = _("Choose one of the list")
        return [each for each in options if each in ticked]

    def end_of_day(self, name: str) -> datetime | None:
        """Return the end of a day to come, in Tallinn; None when nothing was typed."""
        typed = self.value(name)
        if not typed:
            return None
        try:
            found = date.fromisoformat(typed)
            ends: datetime | None = datetime.combine(found + timedelta(days=1), time.min, TALLINN).astimezone(UTC)
        except (ValueError, OverflowError):
            ends = None
        if ends is None or ends.year > LAST_YEAR:
            self.faults[name] = _("Write a day as 2027-01-31")
            return None
        if ends <= datetime.now(UTC):
            self.faults[name] = _("This day is over")
        return ends

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        """Return a whole number; None when nothing was typed."""
        typed = self.value(name).translate(SPACES)
        if not typed:
            return None
        if not WHOLE.fullmatch(typed) or not least <= int(typed) <= most:
            self.faults[name] = _("A whole number from %(least)s to %(most)s", least=least, most=most)
            return None
        return int(typed)

    def money(self, name: str, currency: str = "EUR") -> Money | None:
        """Return an amount, with a point or a comma; None when nothing was typed."""
        if not self.value(name).translate(SPACES):
            return None
        minor = amount(self.value(name), currency)
        if minor is None:
            self.faults[name] = _("An amount such as 120.00")
            return None
        return Money(minor, currency)


def line(form: Mapping[str, str], name: str) -> str:
    """Return what was typed without what no eye can see; line ends become spaces."""
    return " ".join("".join(each if each.isprintable() else " " for each in form.get(name, "")).split())


def reason(form: Mapping[str, str], faults: dict[str, str], name: str = "reason") -> str:
    """Return why somebody does this, which the timeline keeps; says in `faults` when it is too short or too long."""
    least, most = REASON
    text = line(form, name)
    if not least <= len(text) <= most:
        faults[name] = _(
            "Say why, in %(least)d to %(most)d characters: it stays on the timeline", least=least, most=most
        )
    return text


def amount(text: str, currency: str) -> int | None:
    """Return a typed amount in minor units, comma or point before the cents; None when it is none."""
    plain = text.translate(SPACES)
    try:
        return parse_amount(plain.replace(",", ".") if "." not in plain else plain, currency).minor
    except Invalid:
        return None


def day(text: str) -> date | None:
    """Return an ISO date between 2000 and 2999; None for anything else."""
    try:
        found = date.fromisoformat(text) if len(text) == len("2026-01-01") else None
    except ValueError:
        return None
    return found if found is not None and EARLIEST <= found <= LATEST else None


def row_key(form: Mapping[str, str], name: str) -> int | None:
    """Return the key of a row of ours that was chosen; None when it can be none."""
    text = form.get(name, "")
    return int(text) if ROW_KEY.fullmatch(text) else None


def new_key() -> str:
    """Return the key of a form that is shown: what is sent with it is done once."""
    return secrets.token_urlsafe(18)


def key(form: Mapping[str, str]) -> str:
    """Return the key the form came with. Raises Invalid when it is none of ours."""
    found = form.get("key", "")
    if not KEY.fullmatch(found):
        raise Invalid.field("key", "is not one of this portal: load the form again")
    return found
