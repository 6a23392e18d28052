"""Ranges of numbers: how full, how fast, and when they end (features.md 19)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from app.domain.numbering import WARN_DAYS, RangeAlarm, RangeState, alarm, forecast_days
from app.models.number_range import NumberRange
from app.queries.session import session

if TYPE_CHECKING:
    from datetime import datetime


# How far back the pace is measured.
PACE_DAYS = 30
# Numbers of a range are given in order: the first of the last days says how many went since, however many they are.
PACE = text("""
select g.kind, sum(g.next_number - f.number)::bigint as taken,
       greatest(1, least(:days, ceil(extract(epoch from now() - min(f.created_at)) / 86400))) as in_days
  from number_range g, lateral (
    select r.number, r.created_at from number_reservation r
     where r.range_id = g.id and r.created_at > now() - make_interval(days => :days)
     order by r.created_at limit 1) f
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
class Outlook:
    """How the numbers of a kind go on.

    `left` counts the ranges that wait, too; `days` is in how many days all of them end at the pace of the last month,
    None when nothing was taken.
    """

    kind: str
    ranges: tuple[NumberRange, ...]
    left: int
    days: int | None
    alarm: RangeAlarm

    @property
    def in_use(self) -> NumberRange | None:
        """Return the range numbers are taken from."""
        return next((each for each in self.ranges if each.active), None)


@dataclass(frozen=True, slots=True)
class Series(Outlook):
    """All ranges of a kind: the one in use, those that wait and those that are full, in the order they were added."""

    last_given: LastGiven | None


def series() -> list[Series]:
    """Return every kind with its ranges and the number given last."""
    return [Series(**_parts(each), last_given=_last_given(each)) for each in outlooks()]


def outlooks() -> list[Outlook]:
    """Return how each kind goes on, in two questions."""
    ranges = session().scalars(select(NumberRange).order_by(NumberRange.id)).all()
    pace = {kind: (int(taken), int(days)) for kind, taken, days in session().execute(PACE, {"days": PACE_DAYS})}
    kinds = dict.fromkeys(each.kind for each in ranges)
    return [_outlook(kind, [each for each in ranges if each.kind == kind], pace.get(kind, (0, 1))) for kind in kinds]


def waits(each: NumberRange) -> bool:
    """Return whether the range follows later."""
    return not each.active and each.next_number == each.first_number


def _outlook(kind: str, ranges: list[NumberRange], pace: tuple[int, int]) -> Outlook:
    in_use = next((each for each in ranges if each.active), None)
    left = sum(each.last_number - each.next_number + 1 for each in ranges if each.active or waits(each))
    days = forecast_days(RangeState(1, left, 1), *pace) if left else 0
    return Outlook(kind, tuple(ranges), left, days, _alarm(in_use, ranges, left, days))


def _parts(each: Outlook) -> dict[str, Any]:
    return {field.name: getattr(each, field.name) for field in fields(Outlook)}


def _last_given(each: Outlook) -> LastGiven | None:
    given = session().execute(LATEST, {"id": each.in_use.id}).one_or_none() if each.in_use else None
    return LastGiven(*given) if given else None


def _alarm(in_use: NumberRange | None, ranges: list[NumberRange], left: int, days: int | None) -> RangeAlarm:
    if in_use is None or not left:
        return RangeAlarm.EXHAUSTED
    if any(waits(each) for each in ranges):
        return RangeAlarm.WARN if days is not None and days <= WARN_DAYS else RangeAlarm.NONE
    return alarm(RangeState(in_use.first_number, in_use.last_number, in_use.next_number), days)
