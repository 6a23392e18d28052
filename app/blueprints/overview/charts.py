"""Money in by day and gateway, and what is owed by age, as bars with their tables."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.blueprints.overview import links
from app.domain.invoice import InvoiceStatus
from app.queries.invoice_filter import IN_TIME, LATE
from app.queries.money_moved import IN, MovedFilter
from app.queries.overview import AGES
from app.web import words
from app.web.charts import Bar, Chart, Part, chart
from app.web.filters import capitalised, grouped, summed
from app.web.tallinn import weekday, weekday_and_day
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.queries.money_moved import DaySum
    from app.queries.overview import OpenSum

DAYS = 14
EURO = "EUR"


def first_day(today: date) -> date:
    """Return the oldest day that is drawn."""
    return today - timedelta(days=DAYS - 1)


def days(sums: Sequence[DaySum], today: date) -> list[Chart]:
    """Return the money of the last fourteen days by gateway, one chart per currency; euros always."""
    shown = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    recent = [each for each in sums if each.day >= shown[0]]
    others = sorted({each.currency for each in recent} - {EURO})
    return [_days_of([each for each in recent if each.currency == code], shown, code) for code in [EURO, *others]]


def _days_of(sums: Sequence[DaySum], shown: Sequence[date], currency: str) -> Chart:
    gateways = sorted({each.gateway for each in sums}, key=lambda code: -_total(sums, code))
    found = {(each.day, each.gateway): each for each in sums}
    bars = []
    for day in shown:
        parts = []
        for code in gateways:
            each = found.get((day, code))
            address = links.moved(MovedFilter(day, day, gateway=code, direction=IN))
            parts.append(Part(each.minor, summed([(each.minor, currency)]), address) if each else Part(0))
        minor = sum(part.value for part in parts)
        text = summed([(minor, currency)])
        bars.append(
            Bar(
                label=str(day.day),
                under=weekday(day),
                name=weekday_and_day(day),
                text=text,
                address=links.moved(MovedFilter(day, day, direction=IN)),
                parts=parts,
                value=minor,
            )
        )
    return chart(bars, [capitalised(words.gateway(code)) for code in gateways], currency=currency)


def _total(sums: Sequence[DaySum], gateway: str) -> int:
    return sum(each.minor for each in sums if each.gateway == gateway)


def ages(sums: Sequence[OpenSum], today: date) -> list[Chart]:
    """Return what is owed by age, overdue apart from the rest, one chart per currency; euros always."""
    others = sorted({each.currency for each in sums} - {EURO})
    return [_ages_of([each for each in sums if each.currency == code], today, code) for code in [EURO, *others]]


def _ages_of(sums: Sequence[OpenSum], today: date, currency: str) -> Chart:
    found = {(each.age, each.overdue): each for each in sums}
    bars = []
    for age, (youngest, oldest) in enumerate(AGES):
        first = today - timedelta(days=oldest) if oldest is not None else None
        last = today - timedelta(days=youngest)
        parts, invoices = [], 0
        for overdue, due in ((False, IN_TIME), (True, LATE)):
            each = found.get((age, overdue))
            address = links.open_invoices(first, last, due=due)
            parts.append(Part(each.minor, summed([(each.minor, currency)]), address) if each else Part(0))
            invoices += each.invoices if each else 0
        minor = sum(part.value for part in parts)
        bars.append(
            Bar(
                label=_age(youngest, oldest),
                under=ngettext("%(many)s invoice", "%(many)s invoices", invoices, many=grouped(invoices)),
                name=_age(youngest, oldest),
                text=summed([(minor, currency)]),
                address=links.open_invoices(first, last),
                parts=parts,
                value=minor,
            )
        )
    return chart(bars, [_("Other unpaid"), str(words.INVOICE[InvoiceStatus.OVERDUE].label)], currency=currency)


def _age(youngest: int, oldest: int | None) -> str:
    if oldest is None:
        return _("over a year")
    if youngest == 0:
        return _("up to %(days)s days", days=oldest)
    return _("%(first)s to %(last)s days", first=youngest, last=oldest)
