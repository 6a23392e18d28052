"""Bars drawn by the server: how high each part is, in whole percent of the largest bar, and a scale beside them.

See front-end.md 3.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# In percent: a part above zero is drawn visibly, however small.
LEAST = 1
SERIES = 4
# More marks than this stand too close to be read.
MARKS = 4


class Part(NamedTuple):
    """One colour of a bar; `text` is its value in words, `address` its rows."""

    value: int
    text: str = "\N{EN DASH}"
    address: str | None = None


class Bar(NamedTuple):
    """One bar: what stands under it, what it is called in full, what it says, and where its rows are."""

    label: str
    under: str
    name: str
    text: str
    address: str
    parts: list[Part]
    value: int
    percent: int = 0
    shares: tuple[tuple[int, int], ...] = ()


class Mark(NamedTuple):
    """A line across the bars: how high it is, and the round value it stands for."""

    percent: int
    value: int


class Chart(NamedTuple):
    """Bars with the names of their colours, and the scale that says what their height means."""

    bars: list[Bar]
    series: list[str]
    currency: str
    highest: int
    marks: tuple[Mark, ...] = ()


def chart(bars: Sequence[Bar], series: Sequence[str], *, currency: str) -> Chart:
    """Return the chart with the height of each bar and, of each part, its colour and share of the bar in percent."""
    highest = max((bar.value for bar in bars), default=0)
    drawn = [bar._replace(percent=_percent(bar.value, highest), shares=_shares(bar)) for bar in bars]
    return Chart(drawn, list(series), currency, highest, marks(highest))


def marks(highest: int) -> tuple[Mark, ...]:
    """Return the round values, 1, 2 or 5 with noughts, that lie between nothing and the highest bar: at most four."""
    if highest <= 0:
        return ()
    steps = (unit * 10**power for power in count() for unit in (1, 2, 5))
    step = next(each for each in steps if highest // each <= MARKS)
    return tuple(Mark(value * 100 // highest, value) for value in range(step, highest + 1, step))


def _percent(value: int, of: int) -> int:
    return max(LEAST, value * 100 // of) if value > 0 and of > 0 else 0


def _shares(bar: Bar) -> tuple[tuple[int, int], ...]:
    there = [(min(nth, SERIES), part.value) for nth, part in enumerate(bar.parts, 1) if part.value > 0]
    shares = [(colour, _percent(value, bar.value)) for colour, value in there]
    spare = 100 - sum(share for _colour, share in shares[1:])
    return ((shares[0][0], spare), *shares[1:]) if shares else ()
