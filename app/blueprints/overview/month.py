"""How much came in a month, from whom, and what is missing: as a page and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.blueprints.overview import links
from app.blueprints.overview.figures import Figure
from app.blueprints.overview.forms import as_cursor
from app.domain.money import Money, format_amount
from app.domain.sheet_text import is_dangerous
from app.queries import money_moved, overview
from app.queries.money_moved import BACK, IN, MovedFilter, PayerMark
from app.queries.paging import PAGE_SIZE
from app.uow import process_memory
from app.web import words
from app.web.filters import capitalised, grouped, summed
from app.web.service_names import called
from app.web.tallinn import today
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.queries.money_moved import Sum
    from app.queries.overview import Missing
    from app.web.tallinn import Month

# How many payers a file takes: all of a month.
MOST_IN_FILE = 100_000
# How long the payers of this month, and of one that is over, are remembered; and of how many months.
AWHILE, LONGER = timedelta(minutes=1), timedelta(minutes=10)
MOST_REMEMBERED = 36
# What a spreadsheet would take for a formula (security.md T62).
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


class Payers(NamedTuple):
    """Of whom most came in a month, as of a moment; `next` is where the list goes on, if it does."""

    month: Month
    table: Table
    at: datetime
    next: str | None
    is_first: bool


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
    sums = money_moved.sums(wanted)
    missing = overview.open_of(month.first, month.last)
    return MonthPage(
        month,
        _figures(month, wanted, money_moved.by(sums, "currency"), missing),
        [
            Table("services", _("By service"), _("Service"), _lines(wanted, "service", sums)),
            Table("gateways", _("By gateway"), _("Gateway"), _lines(wanted, "gateway", sums)),
        ],
        [
            MissingLine(each, links.open_invoices(month.first, month.last, service=each.service))
            for each in missing
        ],
    )  # fmt: skip


def payers(month: Month, after: PayerMark | None = None) -> Payers:
    """Return of whom most came, after a mark those of whom less came."""
    wanted = MovedFilter(month.first, month.last)
    size = PAGE_SIZE if after else money_moved.TOP
    if after:
        at, found = datetime.now(UTC), money_moved.top_payers(wanted, size + 1, after)
    else:
        at, found = _largest(month, size + 1)
    shown = money_moved.by(found[:size], "payer")
    following = as_cursor(PayerMark.of(shown[-1])) if len(found) > size else None
    table = Table("payers", _("Largest payers"), _("Payer"), _lines(wanted, "payer", shown))
    return Payers(month, table, at, following, after is None)


def _largest(month: Month, size: int) -> tuple[datetime, list[Sum]]:
    """Return the first of them and as of when; a row per payer and day is read, so they are remembered for a while."""
    memory = process_memory("overview.payers")
    now = datetime.now(UTC)
    at, found = memory.get(month.code, (None, None))
    if at is None or now - at > (AWHILE if month.last >= today() else LONGER):
        if len(memory) >= MOST_REMEMBERED:
            memory.clear()
        at, found = memory[month.code] = now, money_moved.top_payers(MovedFilter(month.first, month.last), size)
    return at, found


def _figures(month: Month, wanted: MovedFilter, totals: list[Sum], missing: list[Missing]) -> list[Figure]:
    payments, returns = sum(each.payments for each in totals), sum(each.returns for each in totals)
    invoices = sum(each.invoices for each in missing)
    return [
        Figure(
            _("Came in"),
            summed((each.in_minor, each.currency) for each in totals),
            links.moved(wanted, direction=IN),
            ngettext("%(many)s payment", "%(many)s payments", payments, many=grouped(payments)),
        ),
        Figure(
            _("Given back"),
            summed((each.back_minor, each.currency) for each in totals),
            links.moved(wanted, direction=BACK),
            ngettext("%(many)s return", "%(many)s returns", returns, many=grouped(returns)),
        ),
        Figure(
            _("Stayed"),
            summed((each.net_minor, each.currency) for each in totals),
            links.moved(wanted),
            _("what came less what went back"),
        ),
        Figure(
            _("Missing"),
            summed((each.minor, each.currency) for each in missing),
            links.open_invoices(month.first, month.last),
            ngettext(
                "%(many)s invoice of this month is unpaid",
                "%(many)s invoices of this month are unpaid",
                invoices,
                many=grouped(invoices),
            ),
        ),
    ]


def _lines(wanted: MovedFilter, by: str, sums: list[Sum]) -> list[Line]:
    return [
        Line(
            _name(by, getattr(each, by)),
            each,
            links.moved(wanted, direction=IN, **{by: getattr(each, by)}),
            links.moved(wanted, direction=BACK, **{by: getattr(each, by)}),
            links.moved(wanted, **{by: getattr(each, by)}),
        )
        for each in money_moved.by(sums, by)
    ]


def _name(by: str, code: str) -> str:
    if by == "gateway":
        return capitalised(words.gateway(code))
    if by == "service":
        return called(code)
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
    found = money_moved.sums(wanted)
    for part, sums in (
        ("currency", found),
        ("service", found),
        ("gateway", found),
        ("payer", money_moved.top_payers(wanted, MOST_IN_FILE)),
    ):
        for each in money_moved.by(sums, part):
            came, back, net = (_amount(m, each.currency) for m in (each.in_minor, each.back_minor, each.net_minor))
            name = "" if part == "currency" else getattr(each, part)
            yield (
                "total" if part == "currency" else part,
                name,
                each.currency,
                each.payments,
                came,
                each.returns,
                back,
                net,
                "",
                "",
            )
    for open_ in overview.open_of(month.first, month.last):
        minor = _amount(open_.minor, open_.currency)
        yield "unpaid", open_.service, open_.currency, "", "", "", "", "", open_.invoices, minor


def _amount(minor: int, currency: str) -> str:
    return format_amount(Money(minor, currency))


def _cell(value: str | int) -> str | int:
    is_text = isinstance(value, str) and not value.removeprefix("-").replace(".", "").isdigit()
    return f"'{value}" if is_text and is_dangerous(str(value)) else value
