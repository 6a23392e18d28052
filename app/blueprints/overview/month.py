"""How much came in a month, from whom, and what is missing: as a page and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from app.blueprints.overview import links
from app.blueprints.overview.figures import Figure, amounts
from app.domain.money import Money, format_amount
from app.queries import money_moved, overview
from app.queries.money_moved import BACK, IN, MovedFilter
from app.web import words
from app.web.filters import grouped
from app.web.tallinn import today
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.queries.money_moved import Sum
    from app.queries.overview import Missing
    from app.web.tallinn import Month

# What a spreadsheet would take for a formula (security.md T44).
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "part",
    "name",
    "currency",
    "payments",
    "came_in",
    "returns",
    "given_back",
    "net",
    "unpaid_invoices",
    "unpaid",
)


class Line(NamedTuple):
    """One line of a table: each figure with the address of its rows."""

    name: str
    found: Sum
    came_address: str
    back_address: str
    all_address: str


class Table(NamedTuple):
    """What came and went, by one thing."""

    id: str
    title: str
    of: str
    lines: list[Line]


class MissingLine(NamedTuple):
    """What one service still waits for."""

    found: Missing
    address: str


class MonthPage(NamedTuple):
    """The answer for one month."""

    month: Month
    figures: list[Figure]
    tables: list[Table]
    missing: list[MissingLine]

    @property
    def has_later(self) -> bool:
        """Return whether a later month has begun."""
        return self.month.after.first <= today()


def month_page(month: Month) -> MonthPage:
    """Return what came, from whom, and what is missing."""
    wanted = MovedFilter(month.first, month.last)
    totals = money_moved.sums(wanted)
    missing = overview.open_of(month.first, month.last)
    return MonthPage(
        month,
        _figures(month, wanted, totals, missing),
        [
            Table("services", _("By service"), _("Service"), _lines(wanted, "service")),
            Table("gateways", _("By gateway"), _("Gateway"), _lines(wanted, "gateway")),
            Table("payers", _("Largest payers"), _("Payer"), _lines(wanted, "payer")),
        ],
        [
            MissingLine(each, links.open_invoices(month.first, month.last, service=each.service))
            for each in missing
        ],
    )  # fmt: skip


def _figures(month: Month, wanted: MovedFilter, totals: list[Sum], missing: list[Missing]) -> list[Figure]:
    payments, returns = sum(each.payments for each in totals), sum(each.returns for each in totals)
    invoices = sum(each.invoices for each in missing)
    return [
        Figure(
            _("Came in"),
            amounts((each.in_minor, each.currency) for each in totals),
            links.moved(wanted, direction=IN),
            ngettext("%(many)s payment", "%(many)s payments", payments, many=grouped(payments)),
        ),
        Figure(
            _("Given back"),
            amounts((each.back_minor, each.currency) for each in totals),
            links.moved(wanted, direction=BACK),
            ngettext("%(many)s return", "%(many)s returns", returns, many=grouped(returns)),
        ),
        Figure(
            _("Stayed"),
            amounts((each.net_minor, each.currency) for each in totals),
            links.moved(wanted),
            _("what came less what went back"),
        ),
        Figure(
            _("Missing"),
            amounts((each.minor, each.currency) for each in missing),
            links.open_invoices(month.first, month.last),
            ngettext(
                "%(many)s invoice of this month is unpaid",
                "%(many)s invoices of this month are unpaid",
                invoices,
                many=grouped(invoices),
            ),
        ),
    ]


def _lines(wanted: MovedFilter, by: str) -> list[Line]:
    sums = money_moved.top_payers(wanted) if by == "payer" else money_moved.sums(wanted, by)
    return [
        Line(
            _name(by, each.name),
            each,
            links.moved(wanted, direction=IN, **{by: each.name}),
            links.moved(wanted, direction=BACK, **{by: each.name}),
            links.moved(wanted, **{by: each.name}),
        )
        for each in sums
    ]


def _name(by: str, code: str) -> str:
    if by == "gateway":
        return words.gateway(code)
    return code or _("without a name")


def as_csv(month: Month) -> str:
    """Return the month as comma-separated values, codes and not words in its first column."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(("month", *COLUMNS))
    for row in _rows(month):
        writer.writerow((month.code, *(_cell(each) for each in row)))
    return file.getvalue()


def _rows(month: Month) -> Iterator[tuple[str | int, ...]]:
    wanted = MovedFilter(month.first, month.last)
    for part, sums in (
        ("total", money_moved.sums(wanted)),
        ("service", money_moved.sums(wanted, "service")),
        ("gateway", money_moved.sums(wanted, "gateway")),
        ("payer", money_moved.top_payers(wanted)),
    ):
        for each in sums:
            came, back, net = (_amount(m, each.currency) for m in (each.in_minor, each.back_minor, each.net_minor))
            yield part, each.name, each.currency, each.payments, came, each.returns, back, net, "", ""
    for open_ in overview.open_of(month.first, month.last):
        minor = _amount(open_.minor, open_.currency)
        yield "unpaid", open_.service, open_.currency, "", "", "", "", "", open_.invoices, minor


def _amount(minor: int, currency: str) -> str:
    return format_amount(Money(minor, currency))


def _cell(value: str | int) -> str | int:
    is_text = isinstance(value, str) and not value.removeprefix("-").replace(".", "").isdigit()
    return f"'{value}" if is_text and str(value).startswith(FORMULA) else value
