"""Which days between two are to be added up: those that are not closed, told as few stretches."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.queries import closed_days

DAYS = [date(2026, 3, 1) + timedelta(days=nth) for nth in range(40)]


@given(st.sets(st.sampled_from(DAYS)))
def test_gaps_are_the_days_that_are_not_closed_and_none_touches_the_next(closed_ones: set[date]) -> None:
    found = closed_days.gaps(DAYS[0], DAYS[-1], closed_ones)
    missing = [day for day in DAYS if day not in closed_ones]
    if found is None:
        return
    assert [day for day in DAYS if any(first <= day <= last for first, last in found)] == missing
    assert all(one[1] + timedelta(days=1) < other[0] for one, other in pairwise(found))
    assert len(found) <= closed_days.MOST_GAPS


def test_too_many_gaps_are_read_as_one() -> None:
    assert closed_days.gaps(DAYS[0], DAYS[-1], set(DAYS[::2])) is None
