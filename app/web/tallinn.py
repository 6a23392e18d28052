"""Days as people here mean them: those of Tallinn, whatever the clock of the server says."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask_babel import format_date

from app.domain.tallinn import TALLINN
from app.web.translation import spoken

MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)

DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month."""

    first: date

    @property
    def last(self) -> date:
        """Return its last day."""
        return self.first.replace(day=monthrange(self.first.year, self.first.month)[1])

    @property
    def code(self) -> str:
        """Return it as an address has it, such as `2026-11`."""
        return f"{self.first:%Y-%m}"

    @property
    def before(self) -> Month:
        """Return the month before."""
        return Month((self.first - timedelta(days=1)).replace(day=1))

    @property
    def after(self) -> Month:
        """Return the month after."""
        return Month(self.last + timedelta(days=1))

    @property
    def words(self) -> str:
        """Return such as `November 2026`."""
        return _as_headline(str(format_date(self.first, "LLLL y")))

    @classmethod
    def parse(cls, text: str) -> Month | None:
        """Return the month of such as `2026-11`, or None for anything else."""
        found = MONTH.fullmatch(text)
        return cls(date(int(found[1]), int(found[2]), 1)) if found else None


def today(now: datetime | None = None) -> date:
    """Return what day it is in Tallinn."""
    return (now or datetime.now(UTC)).astimezone(TALLINN).date()


def weekday_and_day(day: date) -> str:
    """Return such as `Saturday 21 November`."""
    pattern = {"et": "EEEE, d. MMMM", "ru": "EEEE, d MMMM"}.get(spoken(), "EEEE d MMMM")
    return _as_headline(str(format_date(day, pattern)))


def weekday(day: date) -> str:
    """Return the shortest name of the weekday the language has."""
    return str(format_date(day, "ccccc" if spoken() == "et" else "cccccc"))


def parse_day(text: str) -> date | None:
    """Return the day of an ISO date of this century, or None for anything else."""
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None


def _as_headline(said: str) -> str:
    return said[:1].upper() + said[1:]
