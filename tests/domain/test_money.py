"""Amounts: a grammar before any conversion (security.md T19, T20)."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import EXPONENTS, CurrencyMismatch, InvalidAmount, Money, format_amount, parse_amount, sum_money

DIGITS = "0123456789"


def is_amount(text: str, exponent: int) -> bool:
    """Say independently of the code under test whether a text is an amount: by walking over it."""
    whole, point, fraction = text.partition(".")
    if not whole or len(whole) > 10 or any(each not in DIGITS for each in whole):
        return False
    if len(whole) > 1 and whole[0] == "0":
        return False
    if not point:
        return True
    return 1 <= len(fraction) <= exponent and all(each in DIGITS for each in fraction)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("120.0", 12000),
        ("0.0", 0),
        ("0", 0),
        ("0.01", 1),
        ("9999999999.99", 999999999999),
        ("100.5", 10050),
        ("7", 700),
    ],
)
def test_plain_decimals_are_amounts(text: str, minor: int) -> None:
    assert parse_amount(text, "EUR") == Money(minor, "EUR")


HOSTILE = [
    "", " ", "-1", "+1", "1e3", "1E3", "1_000", "1,5", "NaN", "Infinity", "0x10", "١٢",
    "１２", "1.234", "01", "00.1", ".5",
    "1.", "1 000", "1\n", "\t1", "1e1000000", "9" * 11,
    "1.0.0", "1.é", "½", "1\x00", "∞", "12345678901.00", "1.-5", "--1",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        parse_amount(text, "EUR")
    assert "amount" in refused.value.fields


@pytest.mark.slow
def test_a_hundred_thousand_hostile_texts_are_judged_as_by_an_independent_reader() -> None:
    dice = random.Random(20261121)
    alphabet = "0123456789..,-+eE_ \t\n٣５xnaif½'\"\u200b"
    slowest = 0.0
    for _ in range(100_000):
        text = "".join(dice.choices(alphabet, k=dice.randrange(0, 18)))
        began = time.perf_counter()
        try:
            parse_amount(text, "EUR")
            accepted = True
        except InvalidAmount:
            accepted = False
        slowest = max(slowest, time.perf_counter() - began)
        assert accepted == is_amount(text, 2), text
    assert slowest < 0.1


@given(st.integers(0, 10**12 - 1), st.sampled_from(sorted(EXPONENTS)))
def test_writing_and_reading_are_opposites(minor: int, currency: str) -> None:
    money = Money(minor % 10**10, currency)
    assert parse_amount(format_amount(money), currency) == money


@given(st.lists(st.integers(-(10**9), 10**9), max_size=20))
def test_sums_are_exact(minors: list[int]) -> None:
    assert sum_money((Money(each, "EUR") for each in minors), "EUR").minor == sum(minors)


@pytest.mark.parametrize("exponent", [0, 2, 3])
def test_every_exponent_writes_its_own_places(exponent: int) -> None:
    currency = next(name for name, places in EXPONENTS.items() if places == exponent)
    written = format_amount(Money(-12345, currency))
    assert written == {0: "-12345", 2: "-123.45", 3: "-12.345"}[exponent]


def test_currencies_never_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(CurrencyMismatch):
        assert Money(1, "EUR") < Money(1, "USD")
