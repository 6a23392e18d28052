"""Money: integer minor units and a currency, never a float (decisions.md 12)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from app.domain.errors import BillingError, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

# ISO 4217 minor units of the currencies we meet; others are refused rather than guessed.
EXPONENTS = {
    "EUR": 2, "USD": 2, "GBP": 2, "SEK": 2, "NOK": 2, "DKK": 2, "PLN": 2, "CZK": 2, "CHF": 2, "RUB": 2, "UZS": 2,
    "JPY": 0, "KRW": 0, "CLP": 0, "BHD": 3, "KWD": 3, "TND": 3,
}  # fmt: skip
LONGEST = 13  # characters: ten digits, a point and two places (security.md T20)
# A sum somebody added up in binary fractions, and how far such a sum strays from the amount it stands for.
_BINARY_SUM = re.compile(r"(0|[1-9][0-9]{0,9})\.[0-9]{3,17}", re.ASCII)
_STRAYS = Decimal("0.000001")


class InvalidAmount(Invalid):
    """This is not an amount of money."""


class CurrencyMismatch(BillingError):
    """Amounts of different currencies cannot be added or compared."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of one currency."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        """Return the sum. Raises CurrencyMismatch."""
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        """Return the difference. Raises CurrencyMismatch."""
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        """Return the opposite amount."""
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        """Compare. Raises CurrencyMismatch."""
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        """Compare. Raises CurrencyMismatch."""
        self._same(other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        """Compare. Raises CurrencyMismatch."""
        self._same(other)
        return self.minor > other.minor

    def __ge__(self, other: Money) -> bool:
        """Compare. Raises CurrencyMismatch."""
        self._same(other)
        return self.minor >= other.minor

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")


def parse_amount(text: str, currency: str) -> Money:
    """Return the amount written as a plain decimal, such as `120`, `120.0` or `120.00`.

    ASCII digits only, no sign, no exponent, at most ten digits before the point and the currency's own number after
    it; thirteen characters in all. Raises InvalidAmount before anything is converted (security.md T19, T20).
    """
    exponent = exponent_of(currency)
    if len(text) > LONGEST or not _grammar(exponent).fullmatch(text):
        raise InvalidAmount.field("amount", f"must be a plain decimal with at most {exponent} places, such as 120.00")
    whole, _, fraction = text.partition(".")
    return Money(int(whole + fraction.ljust(exponent, "0")), currency)


def parse_sum(text: str, currency: str) -> Money:
    """Return a sum as its sender added it up, in binary fractions too: `6400.3099999999995` is 6400.31.

    Anything that is no more than a millionth away from an amount is that amount. Raises InvalidAmount.
    """
    if _BINARY_SUM.fullmatch(text):
        exponent = exponent_of(currency)
        said = Decimal(text)
        amount = said.quantize(Decimal(1).scaleb(-exponent), ROUND_HALF_EVEN)
        if abs(said - amount) <= _STRAYS:
            return Money(int(amount.scaleb(exponent)), currency)
    return parse_amount(text, currency)


def format_amount(money: Money) -> str:
    """Return the amount as a decimal with all places of its currency, such as `120.00`."""
    exponent = exponent_of(money.currency)
    sign = "-" if money.minor < 0 else ""
    digits = str(abs(money.minor)).rjust(exponent + 1, "0")
    if exponent == 0:
        return sign + digits
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def say_amount(money: Money) -> str:
    """Return the amount with its currency, as a sentence says it: `120.00 EUR`."""
    return f"{format_amount(money)} {money.currency}"


def sum_money(amounts: Iterable[Money], currency: str) -> Money:
    """Return the sum; nothing sums to zero of the given currency. Raises CurrencyMismatch."""
    total = Money(0, currency)
    for amount in amounts:
        total = total + amount
    return total


def exponent_of(currency: str) -> int:
    """Return how many decimal places the currency has. Raises InvalidAmount for a currency we do not know."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise InvalidAmount.field("currency", f"must be one of: {', '.join(sorted(EXPONENTS))}") from None


@lru_cache
def _grammar(exponent: int) -> re.Pattern[str]:
    fraction = rf"(\.[0-9]{{1,{exponent}}})?" if exponent else ""
    return re.compile(rf"(0|[1-9][0-9]{{0,9}}){fraction}", re.ASCII)
