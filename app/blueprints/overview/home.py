"""What the first page says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.blueprints.overview import charts, figures, status, waiting
from app.queries import money_moved, number_ranges, overview
from app.web.tallinn import Month, today, weekday_and_day

if TYPE_CHECKING:
    from app.blueprints.overview.figures import Figure
    from app.blueprints.overview.status import StatusLine
    from app.queries.overview import Latest
    from app.web.charts import Chart

LATEST = 8


class Home(NamedTuple):
    """One look at everything."""

    day: str
    headline: list[tuple[str, str | None]]
    figures: list[Figure]
    days: list[Chart]
    ages: list[Chart]
    waiting: list[StatusLine]
    health: list[StatusLine]
    latest: list[Latest]


def home() -> Home:
    """Return the first page in a fixed number of questions."""
    day = today()
    month = Month(day.replace(day=1))
    sums = money_moved.by_day(min(month.first, charts.first_day(day)), day)
    owed = overview.open_by_age(day)
    lanes, beats = overview.lanes(), overview.beats()
    return Home(
        day=weekday_and_day(day),
        headline=status.headline(lanes, beats),
        figures=[
            figures.came(sums, month, day),
            figures.owed(owed),
            figures.asked(overview.questions(), day),
            figures.to_approve(overview.approvals()),
        ],
        days=charts.days(sums, day),
        ages=charts.ages(owed, day),
        waiting=waiting.lines(lanes),
        health=status.lines(lanes, beats, number_ranges.outlooks()),
        latest=overview.latest(LATEST),
    )
