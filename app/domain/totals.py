"""What an invoice adds up to, as EN 16931 adds it again (features.md 25, 26).

Rounding is half away from zero, to minor units, at two places and nowhere else: once per line, of quantity times price
and of a discount in percent (BT-131, BT-136), and once per rate, of the tax on the sum of its lines (BT-117). Whoever
adds the lines again finds the same sums (BR-CO-10 to BR-CO-17). Nothing here is a float.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING

from app.domain.errors import Invalid
from app.domain.money import exponent_of
from app.domain.vat import FULL, VatCategory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.domain.vat import Rate

MOST_LINES = 100
LARGEST_MINOR = 10**12
# At most nine digits before the point; quantities to the thousandth, prices to four places of the major unit.
QUANTITY_PLACES, PRICE_PLACES = 3, 4
PLAIN = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]+))?", re.ASCII)
# Enough for nine digits times nine digits with all their places. Given to each operation: to enter and leave a context
# for each would cost more than what is reckoned in it.
EXACTLY = Context(prec=60)
WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Discount:
    """What comes off a line (BG-27): hundredths of a percent of it (BT-138) or an amount (BT-136), never both."""

    basis_points: int = 0
    minor: int = 0

    def __bool__(self) -> bool:
        """Return whether anything comes off."""
        return bool(self.basis_points or self.minor)


NOTHING_OFF = Discount()


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line as somebody writes it; the price is without tax, in minor units and parts of them (BT-146)."""

    description: str
    quantity: Decimal
    price_minor: Decimal
    rate: Rate
    unit: str = ""
    discount: Discount = NOTHING_OFF


@dataclass(frozen=True, slots=True)
class Line:
    """A line with what it comes to, without tax: gross less discount (BT-136) is net (BT-131); minor units."""

    given: LineInput
    gross_minor: int
    discount_minor: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class VatSum:
    """The tax of one rate (BG-23): category BT-118, rate BT-119, on what BT-116, how much BT-117; minor units."""

    code: str
    category: VatCategory
    basis_points: int
    taxable_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums (BG-22): lines BT-106 which is BT-109, tax BT-110, both BT-112; minor units."""

    lines: tuple[Line, ...] = ()
    vat: tuple[VatSum, ...] = ()
    net_minor: int = field(default=0)
    tax_minor: int = field(default=0)

    @property
    def total_minor(self) -> int:
        """Return what is to be paid (BT-112)."""
        return self.net_minor + self.tax_minor


def total(lines: Sequence[LineInput]) -> Totals:
    """Return what the lines add up to. Raises Invalid naming the line, such as `line-2-discount`."""
    if len(lines) > MOST_LINES:
        raise Invalid.field("lines", f"must be at most {MOST_LINES}")
    added = tuple(_line(each, number) for number, each in enumerate(lines, 1))
    vat = vat_of(added)
    found = Totals(added, vat, sum(each.net_minor for each in added), sum(each.tax_minor for each in vat))
    if found.total_minor > LARGEST_MINOR:
        raise Invalid.field("lines", "add up to more than an invoice can be")
    return found


def vat_of(lines: Iterable[Line]) -> tuple[VatSum, ...]:
    """Return the tax of each rate, the highest first; rates are kept apart by code, so that a reason is not lost."""
    sums: dict[tuple[int, str, VatCategory], int] = {}
    for line in lines:
        rate = line.given.rate
        key = (-rate.basis_points, rate.code, rate.category)
        sums[key] = sums.get(key, 0) + line.net_minor
    return tuple(
        VatSum(code, category, -negative, taxable, rounded(Decimal(taxable) * -negative / FULL))
        for (negative, code, category), taxable in sorted(sums.items())
    )


def rounded(amount: Decimal) -> int:
    """Return whole minor units, half away from zero."""
    return int(amount.quantize(WHOLE, ROUND_HALF_UP, EXACTLY))


def parse_plain(text: str, places: int, name: str) -> Decimal:
    """Return a plain decimal with at most so many places. Raises Invalid (security.md T19, T20)."""
    found = PLAIN.fullmatch(text)
    if found is None or len(found[2] or "") > places:
        raise Invalid.field(name, f"must be a plain decimal with at most {places} places")
    return Decimal(text)


def in_minor(price: Decimal, currency: str) -> Decimal:
    """Return a price in major units as minor units and parts of them, exactly."""
    return price.scaleb(exponent_of(currency))


def format_price(price_minor: Decimal, currency: str) -> str:
    """Return a price as a decimal of major units with all places of its currency and those it needs beyond."""
    exponent = exponent_of(currency)
    major = price_minor.scaleb(-exponent)
    whole, _, places = f"{major:f}".partition(".")
    places = places.rstrip("0").ljust(exponent, "0")
    return f"{whole}.{places}" if places else whole


def _line(given: LineInput, number: int) -> Line:
    gross = rounded(EXACTLY.multiply(given.quantity, given.price_minor))
    off = given.discount.minor
    if given.discount.basis_points:
        off += rounded(EXACTLY.divide(Decimal(gross * given.discount.basis_points), Decimal(FULL)))
    faults = {}
    if given.quantity <= 0:
        faults[f"line-{number}-quantity"] = ["must be above 0"]
    if given.price_minor < 0:
        faults[f"line-{number}-price"] = ["must not be below 0"]
    if not 0 <= given.discount.basis_points <= FULL or not 0 <= off <= gross:
        faults[f"line-{number}-discount"] = ["must not be more than the line"]
    if given.discount.basis_points and given.discount.minor:
        faults[f"line-{number}-discount"] = ["must be a percentage or an amount"]
    if faults:
        raise Invalid(faults)
    return Line(given, gross, off, gross - off)
