"""Rates of value added tax: which holds on a day, and how a new one follows an old one (features.md 23).

Rates are whole basis points: 2400 is 24 %. Categories are those of EN 16931 (BT-118, code list UNCL 5305).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.errors import Conflict, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

FULL = 10_000  # basis points of 100 %
PERCENT = re.compile(r"(0|[1-9][0-9]?)(?:[.,]([0-9]{1,2}))?", re.ASCII)
CODE = re.compile(r"[a-z][a-z0-9_]{1,29}", re.ASCII)


class VatCategory(StrEnum):
    """Why this rate applies (BT-118)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"


UNTAXED = frozenset({VatCategory.ZERO, VatCategory.EXEMPT, VatCategory.REVERSE_CHARGE})


class RatesOverlap(Conflict):
    """Another rate of this code holds on some of these days."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate from a day until a day, both included; without an end it holds on."""

    code: str
    category: VatCategory
    basis_points: int
    valid_from: date
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Return whether it is this rate on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: Rate) -> bool:
        """Return whether both are of one code and hold on a common day."""
        ends_before = self.valid_to is not None and self.valid_to < other.valid_from
        begins_after = other.valid_to is not None and other.valid_to < self.valid_from
        return self.code == other.code and not ends_before and not begins_after


def parse_percent(text: str, field: str = "percent") -> int:
    """Return basis points written as a percentage below 100, such as `24` or `5.5`. Raises Invalid."""
    found = PERCENT.fullmatch(text)
    if found is None:
        raise Invalid.field(field, "must be a percentage below 100 with at most two places, such as 24")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def check(rate: Rate) -> Rate:
    """Return a rate that can be. Raises Invalid."""
    faults: dict[str, list[str]] = {}
    if not CODE.fullmatch(rate.code):
        faults["code"] = ["must be two to thirty small letters, digits and underscores, a letter first"]
    if not 0 <= rate.basis_points < FULL:
        faults["percent"] = ["must be below 100"]
    elif bool(rate.basis_points) == (rate.category in UNTAXED):
        faults["percent"] = ["must be 0 where no tax is asked, and above 0 where it is"]
    if rate.valid_to is not None and rate.valid_to < rate.valid_from:
        faults["valid_to"] = ["must not be before the first day"]
    if faults:
        raise Invalid(faults)
    return rate


def closing(known: Iterable[Rate], new: Rate) -> tuple[Rate, date] | None:
    """Return which rate the new one follows and its last day then, or None when it follows none.

    An open rate that began before ends on the day before. Raises RatesOverlap when the new one would cross another.
    """
    follows: tuple[Rate, date] | None = None
    for each in known:
        if not each.overlaps(new):
            continue
        if each.valid_to is not None or each.valid_from >= new.valid_from:
            raise RatesOverlap(code="rates_overlap", since=each.valid_from, until=each.valid_to)
        follows = (each, new.valid_from - timedelta(days=1))
    return follows


def on(rates: Iterable[Rate], day: date) -> dict[str, Rate]:
    """Return the rate of each code that holds on the day."""
    return {each.code: each for each in rates if each.holds_on(day)}
