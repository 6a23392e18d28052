"""Ranges a list is narrowed down to: two fields behind one button, which says what is chosen."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from app.web.filters import day, decimal
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Mapping


class Bound(NamedTuple):
    """One end of a range: the field's name, its label, and what is in it."""

    name: str
    label: str
    value: str


class Range(NamedTuple):
    """Two fields behind one button; `kind` is date or amount; `periods` are (value, words) pairs to choose instead."""

    label: str
    low: Bound
    high: Bound
    kind: str
    name: str = ""
    periods: tuple[tuple[str, str], ...] = ()
    period: str = ""

    @property
    def said(self) -> str:
        """Return what is chosen, in words; nothing when nothing is."""
        written = [_written(each.value, self.kind) for each in (self.low, self.high)]
        between = f"{written[0] or '…'} \N{EN DASH} {written[1] or '…'}" if any(written) else ""
        return ", ".join(filter(None, (dict(self.periods).get(self.period, ""), between)))


def ends(low: str, high: str, query: Mapping[str, Any]) -> tuple[Bound, Bound]:
    """Return both ends as the address has them."""
    return Bound(low, _("From"), query.get(low, "")), Bound(high, _("To"), query.get(high, ""))


def _written(value: str, kind: str) -> str:
    """Return an end as the reader writes it; the fields and the address have dates as 2026-11-22."""
    return day(date.fromisoformat(value)) if value and kind == "date" else decimal(value)
