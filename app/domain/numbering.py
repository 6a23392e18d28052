"""Series of numbers: how much is left and when it ends (eis.md 7, features.md 19)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import Conflict

WARN_SHARE_PERCENT, ALARM_SHARE_PERCENT = 80, 95
WARN_DAYS = 30


class NumberRangeExhausted(Conflict):
    """out of range"""  # noqa: D415 - the wire's own words (eis.md 5.7)

    def __init__(self, kind: str) -> None:
        super().__init__("out of range", code="number_range_exhausted", kind=kind)
        self.kind = kind


class RangeAlarm(StrEnum):
    """How near the end of a range is."""

    NONE = "none"
    WARN = "warn"
    ALARM = "alarm"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class RangeState:
    """The numbers `first` to `last`, both included; `upcoming` is the next to be given."""

    first: int
    last: int
    upcoming: int

    @property
    def remaining(self) -> int:
        """Return how many numbers are left."""
        return self.last - self.upcoming + 1

    @property
    def used_percent(self) -> int:
        """Return the share that is used, in whole percent, rounded down."""
        return (self.upcoming - self.first) * 100 // (self.last - self.first + 1)


def alarm(state: RangeState, days_left: int | None = None) -> RangeAlarm:
    """Return how loudly to warn (reliability.md 3.13): at 80 % and 95 %, and 30 days before the forecast end."""
    if state.remaining <= 0:
        return RangeAlarm.EXHAUSTED
    if state.used_percent >= ALARM_SHARE_PERCENT:
        return RangeAlarm.ALARM
    ends_soon = days_left is not None and days_left <= WARN_DAYS
    return RangeAlarm.WARN if ends_soon or state.used_percent >= WARN_SHARE_PERCENT else RangeAlarm.NONE


def forecast_days(state: RangeState, taken: int, in_days: int) -> int | None:
    """Return in how many days the range ends when `taken` numbers went in `in_days`; None when none did."""
    if taken <= 0 or in_days <= 0:
        return None
    return state.remaining * in_days // taken
