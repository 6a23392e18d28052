"""Ranges of numbers: how full, how fast, and when they end (features.md 19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import select, text

from app.domain.numbering import WARN_DAYS, RangeAlarm, RangeState, alarm, forecast_days
from app.extensions import db
from app.models.number_range import NumberRange

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

# How far back the pace is measured.
PACE_DAYS = 30
PACE = text("""
select g.kind, count(*) as taken,
       greatest(1, least(:days, ceil(extract(epoch from now() - min(r.created_at)) / 86400))) as in_days
  from number_range g
  join number_reservation r on r.range_id = g.id and r.created_at > now() - make_interval(days => :days)
 group by g.kind
""")
LATEST = text("""
select r.number, r.created_at, i.name as service from number_reservation r join initiator i on i.id = r.initiator_id
 where r.range_id = :id order by r.created_at desc limit 1
""")


@dataclass(frozen=True, slots=True)
class LastGiven:
    """The number given last, when and to which service."""

    number: int
    at: datetime
    service: str


@dataclass(frozen=True, slots=True)
class Series:
    """All ranges of a kind: the one in use, those that wait and those that are full, in the order they were added.

    `left` counts those that wait too; `days` is in how many days all of them end at the pace of the last month.
    """

    kind: str
    ranges: tuple[NumberRange, ...]
    left: int
    days: int | None
    alarm: RangeAlarm
    last_given: LastGiven | None


def series() -> list[Series]:
    """Return every kind with its ranges."""
    ranges = _session().scalars(select(NumberRange).order_by(NumberRange.id)).all()
    pace = {kind: (int(taken), int(days)) for kind, taken, days in _session().execute(PACE, {"days": PACE_DAYS})}
    kinds = dict.fromkeys(each.kind for each in ranges)
    return [_series(kind, [each for each in ranges if each.kind == kind], pace.get(kind, (0, 1))) for kind in kinds]


def waits(each: NumberRange) -> bool:
    """Return whether the range follows later."""
    return not each.active and each.next_number == each.first_number


def _series(kind: str, ranges: list[NumberRange], pace: tuple[int, int]) -> Series:
    in_use = next((each for each in ranges if each.active), None)
    left = sum(each.last_number - each.next_number + 1 for each in ranges if each.active or waits(each))
    days = forecast_days(RangeState(1, left, 1), *pace) if left else 0
    given = _session().execute(LATEST, {"id": in_use.id}).one_or_none() if in_use else None
    loud = _alarm(in_use, ranges, left, days)
    return Series(kind, tuple(ranges), left, days, loud, LastGiven(*given) if given else None)


def _alarm(in_use: NumberRange | None, ranges: list[NumberRange], left: int, days: int | None) -> RangeAlarm:
    if in_use is None or not left:
        return RangeAlarm.EXHAUSTED
    if any(waits(each) for each in ranges):
        return RangeAlarm.WARN if days is not None and days <= WARN_DAYS else RangeAlarm.NONE
    return alarm(RangeState(in_use.first_number, in_use.last_number, in_use.next_number), days)


def _session() -> Session:
    return cast("Session", db.session())
