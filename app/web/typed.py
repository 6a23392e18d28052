"""What somebody typed into a form, read field by field: values are kept, faults are sentences (house.md 5)."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from app.domain.errors import Invalid
from app.domain.money import Money, parse_amount
from app.web.filters import TALLINN
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Collection

    from werkzeug.datastructures import MultiDict

NBSP = "\N{NO-BREAK SPACE}"
WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
# How much of what was typed is shown again: more than any field takes.
SHOWN = 2000
REASON = (3, 500)
LAST_YEAR = 2100


class Typed:
    """A form as it was sent: `values` are shown again, `faults` say by field what is not right yet."""

    def __init__(self, form: MultiDict[str, str]) -> None:
        self._form = form
        self.faults: dict[str, str] = {}

    def value(self, name: str) -> str:
        """Return what was typed, as it is shown again."""
        return self._form.get(name, "").strip()[:SHOWN]

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
        return typed[:most]

    def reason(self) -> str:
        """Return why somebody does this; the timeline keeps it."""
        least, most = REASON
        return self.text("reason", least=least, most=most)

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
            ends: datetime | None = datetime.combine(found, time.min, TALLINN).astimezone(UTC) + timedelta(days=1)
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
        typed = self.value(name).replace(" ", "").replace(NBSP, "")
        if not typed:
            return None
        if not WHOLE.fullmatch(typed) or not least <= int(typed) <= most:
            self.faults[name] = _("A whole number from %(least)s to %(most)s", least=least, most=most)
            return None
        return int(typed)

    def money(self, name: str, currency: str = "EUR") -> Money | None:
        """Return an amount, with a point or a comma; None when nothing was typed."""
        typed = self.value(name).replace(" ", "").replace(NBSP, "").replace(",", ".")
        if not typed:
            return None
        try:
            return parse_amount(typed, currency)
        except Invalid:
            self.faults[name] = _("An amount such as 120.00")
            return None
