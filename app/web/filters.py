"""How amounts and moments look: grouped and exact, in Tallinn's time, ISO dates (front-end.md 2)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from babel.dates import format_timedelta

from app.domain.money import EXPONENTS, Money, format_amount
from app.domain.tallinn import TALLINN
from app.web import (
    actor_words,
    comparison_words,
    delivery_words,
    dispute_words,
    inbox_words,
    proof_words,
    refund_words,
    review_item_words,
    service_names,
    words,
)
from app.web.language import DEFAULT
from app.web.translation import spoken
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from flask import Flask

    from app.queries.paging import Count

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
DECIMAL_COMMA = {"et", "ru"}
DAY_FIRST = {"et", "ru"}
LONGEST = 24
# How exactly an age is looked at, and up to which: its words are no more exact, and so few that they are kept.
STEPS = (
    (timedelta(seconds=1), timedelta(minutes=2)),
    (timedelta(minutes=1), timedelta(days=2)),
    (timedelta(hours=1), timedelta.max),
)
WORDS = (
    words,
    actor_words,
    comparison_words,
    delivery_words,
    dispute_words,
    inbox_words,
    proof_words,
    refund_words,
    review_item_words,
    service_names,
)


def install(app: Flask) -> None:
    """Give templates the filters."""
    for each in (
        amount,
        money,
        round_money,
        price,
        decimal,
        grouped,
        clock,
        day,
        last_day,
        listed,
        iso,
        explained,
        shortened,
        stamped,
    ):
        app.jinja_env.filters[each.__name__] = each
    app.jinja_env.globals["now"] = now
    for vocabulary in WORDS:
        vocabulary.install(app)


def amount(minor: int, currency: str) -> str:
    """Return minor units as text without the currency, such as `1 240.00`; Estonian and Russian take a comma."""
    exponent = EXPONENTS[currency]
    whole, part = divmod(abs(minor), 10**exponent)
    return f"{MINUS if minor < 0 else ''}{grouped(whole)}{decimal(f'.{part:0{exponent}}') if exponent else ''}"


def price(minor: Decimal, currency: str) -> str:
    """Return what one unit costs with all places it has, such as `3.3333`, at least those of its currency."""
    whole, _point, part = f"{minor.scaleb(-EXPONENTS[currency]):f}".partition(".")
    part = part.rstrip("0").ljust(EXPONENTS[currency], "0")
    return f"{grouped(int(whole))}{decimal(f'.{part}') if part else ''}"


def decimal(number: Decimal | str) -> str:
    """Return a plain number such as `2.5`, with a comma in Estonian and Russian; forms take either."""
    plain = number if isinstance(number, str) else f"{number:f}"
    return plain.replace(".", ",") if spoken() in DECIMAL_COMMA else plain


def written(minor: int, currency: str) -> str:
    """Return minor units as a field offers them, such as `1240.00`: nothing apart, the comma where people write one."""
    return decimal(format_amount(Money(minor, currency)))


def grouped(number: int) -> str:
    """Return a whole number with its thousands apart, such as `1 912`."""
    return f"{number:,}".replace(",", NBSP)


def money(minor: int, currency: str) -> str:
    """Return minor units with their currency, such as `1 240.00 €`."""
    return f"{amount(minor, currency)}{NBSP}{SIGNS.get(currency, currency)}"


def round_money(minor: int, currency: str) -> str:
    """Return a round amount without its noughts behind the point, such as `5 000 €`."""
    whole = re.sub(r"[.,]0+$", "", amount(minor, currency))
    return f"{whole}{NBSP}{SIGNS.get(currency, currency)}"


def summed(sums: Iterable[tuple[int, str]]) -> str:
    """Return minor units by currency as one text, such as `120.00 € + 5.00 $`; nothing is zero euros."""
    totals: dict[str, int] = {}
    for minor, currency in sums:
        totals[currency] = totals.get(currency, 0) + minor
    return " + ".join(money(minor, currency) for currency, minor in sorted(totals.items())) or money(0, "EUR")


def counted(count: Count) -> str:
    """Return how many there are, with a plus where the counting stopped."""
    return grouped(count.number) + ("+" if count.is_capped else "")


def clock(moment: datetime) -> str:
    """Return the time of day to the second."""
    return f"{moment.astimezone(TALLINN):%H:%M:%S}"


def day(moment: datetime | date) -> str:
    """Return the date as its language writes it: `2026-11-22`, in Estonian and Russian `22.11.2026`."""
    local = moment.astimezone(TALLINN).date() if isinstance(moment, datetime) else moment
    return f"{local:%d.%m.%Y}" if spoken() in DAY_FIRST else local.isoformat()


def last_date(end: datetime) -> date:
    """Return the day that ends at this midnight."""
    return (end - timedelta(seconds=1)).astimezone(TALLINN).date()


def last_day(end: datetime) -> str:
    """Return the date of the day that ends at this midnight."""
    return day(last_date(end))


def shortened(identifier: str) -> str:
    """Return a long identifier by its ends, such as `7d34f9396428…13edbf`; short ones stay whole."""
    return identifier if len(identifier) <= LONGEST else f"{identifier[:12]}…{identifier[-6:]}"


def listed(moment: datetime, at: datetime | None = None) -> str:
    """Return what a list shows: the time for today, the date for other days."""
    local = moment.astimezone(TALLINN)
    today = (at or now()).astimezone(TALLINN).date()
    return f"{local:%H:%M}" if local.date() == today else day(local)


def stamped(moment: datetime) -> str:
    """Return the whole moment in Tallinn, as a page on paper needs it."""
    return f"{day(moment)} {moment.astimezone(TALLINN):%H:%M}"


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Return the moment for machines, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def explained(moment: datetime, at: datetime | None = None) -> str:
    """Return the whole moment with its zone and how long ago it was."""
    local = moment.astimezone(TALLINN)
    return _(
        "%(moment)s %(zone)s (Tallinn), %(ago)s",
        moment=f"{day(local)} {local:%H:%M:%S}",
        zone=local.tzname(),
        ago=ago(moment - (at or now())),
    )


def ago(span: timedelta) -> str:
    """Return how long ago something was, or how soon it will be, such as `3 days ago`."""
    step = next(step for step, until in STEPS if abs(span) < until)
    return _ago(round(span / step) * int(step.total_seconds()), spoken() or DEFAULT)


@lru_cache(maxsize=4096)
def _ago(seconds: int, language: str) -> str:
    return format_timedelta(seconds, add_direction=True, locale=language)


def capitalised(text: str) -> str:
    """Return the text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]
