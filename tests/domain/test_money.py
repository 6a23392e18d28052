"""Amounts: a grammar before any conversion, and exact sums of one currency (security.md T10, T19, T20)."""

from __future__ import annotations

import math
import random
import time
from decimal import Decimal
from itertools import product
from operator import add, ge, gt, le, lt, sub
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import (
    EXPONENTS,
    CurrencyMismatch,
    InvalidAmount,
    Money,
    exponent_of,
    format_amount,
    parse_amount,
    parse_sum,
    sum_money,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = "0123456789"
PLACES = {"JPY": 0, "EUR": 2, "BHD": 3}  # one currency for each exponent there is

minors = st.integers(-(10**12), 10**12)
currencies = st.sampled_from(sorted(EXPONENTS))


def read_by_hand(text: str, exponent: int) -> int | None:
    """Say independently of the code under test what a text is worth, by walking over it; None when it is no amount."""
    if len(text) > 13:
        return None
    whole, point, fraction = text.partition(".")
    if not 1 <= len(whole) <= 10 or (point and not 1 <= len(fraction) <= exponent):
        return None
    if whole[0] == "0" and whole != "0":
        return None
    worth = 0
    for letter in whole + fraction:
        if letter not in DIGITS:
            return None
        worth = worth * 10 + DIGITS.index(letter)
    return int(worth * 10 ** (exponent - len(fraction)))


def read(text: str, currency: str) -> int | None:
    try:
        return parse_amount(text, currency).minor
    except InvalidAmount:
        return None


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("120", "EUR", 12000),
        ("120.0", "EUR", 12000),
        ("120.00", "EUR", 12000),
        ("100.5", "EUR", 10050),
        ("0", "EUR", 0),
        ("0.0", "EUR", 0),
        ("0.01", "EUR", 1),
        ("0.1", "EUR", 10),
        ("7", "EUR", 700),
        ("9999999999.99", "EUR", 999999999999),
        ("150", "JPY", 150),
        ("1.5", "BHD", 1500),
        ("0.001", "BHD", 1),
        ("999999999.999", "BHD", 999999999999),
    ],
)
def test_plain_decimals_are_amounts(text: str, currency: str, minor: int):
    assert parse_amount(text, currency) == Money(minor, currency)


HOSTILE = [
    "", " ", ".", "..", "-1", "+1", "-0", "--1", "1-", "1e3",
    "1E3", "1e-3", "1e1000000", "1_000", "1,5", "1 000", "1'000",
    "NaN", "nan", "sNaN", "Infinity", "-inf", "0x10", "0b1", "0o7",
    "01", "00", "00.1", "1.", ".5", "1.2345", "1.0.0", "1.-5",
    "1\n", "\n1", "\t1", " 1", "1 ", "1\r", "1\x00", "\x001",
    "1.\n5", "1.5\n", "١٢", "１２", "१२", "𝟏", "½", "²", "Ⅷ", "∞", "一",
    "1．5", "1٫5", "1.é", "€1", "1€", "EUR 1", "1EUR", "$1", "1%",
    "(1)", "−1", "‑1", "1\u200b", "\ufeff1", "1\u0660",
    "9" * 11, "12345678901.00", "0" * 13, "9" * 14, "1" * 1_000_000,
    "1." + "0" * 1_000_000, "1e" + "9" * 1_000_000,
    "[1]", '{"a":1}', "null", "None", "true", "1;", "1' or '1'='1",
    "${1}", "{{1}}", "<b>1</b>", "1#", "1/2", "1*1",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
@pytest.mark.parametrize("currency", PLACES)
def test_hostile_texts_are_refused_at_once_by_name(text: str, currency: str):
    began = time.perf_counter()
    with pytest.raises(InvalidAmount) as refused:
        parse_amount(text, currency)
    assert time.perf_counter() - began < 1.0
    assert set(refused.value.fields) == {"amount"}
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(("currency", "text"), [("JPY", "1.0"), ("JPY", "1."), ("EUR", "1.001"), ("BHD", "1.0001")])
def test_no_currency_takes_more_places_than_it_has(currency: str, text: str):
    with pytest.raises(InvalidAmount):
        parse_amount(text, currency)


@pytest.mark.parametrize("currency", ["", "eur", "QQQ", "BTC", "EUR ", "ЕUR", "EURO"])
def test_an_unknown_currency_is_refused_not_guessed(currency: str):
    for act in (lambda: parse_amount("1", currency), lambda: exponent_of(currency)):
        with pytest.raises(InvalidAmount) as refused:
            act()
        assert set(refused.value.fields) == {"currency"}


def test_the_places_of_currencies_are_those_of_iso_4217():
    """Written out again: one wrong place is a factor of ten."""
    two = ["CHF", "CZK", "DKK", "EUR", "GBP", "NOK", "PLN", "RUB", "SEK", "USD", "UZS"]
    assert {name for name, places in EXPONENTS.items() if places == 2} == set(two)
    assert {name for name, places in EXPONENTS.items() if places == 0} == {"CLP", "JPY", "KRW"}
    assert {name for name, places in EXPONENTS.items() if places == 3} == {"BHD", "KWD", "TND"}
    assert len(EXPONENTS) == 17


def test_every_short_text_is_read_as_by_hand():
    """All 11,110 texts of up to four of the letters that matter, in each kind of currency."""
    read_texts = 0
    for length in range(5):
        for letters in product("0123.9-e٣\n", repeat=length):
            text = "".join(letters)
            for currency, exponent in PLACES.items():
                assert read(text, currency) == read_by_hand(text, exponent), (text, currency)
            read_texts += 1
    assert read_texts == 11_111


def generated(dice: random.Random) -> str:
    """Return a text that is an amount, nearly one, or nothing of the kind."""
    noise = "0123456789..,-+eE_ \t\n\r\x00٣५４xnaif½'\"\u200b\ufeff−"
    text = "".join(dice.choices(noise, k=dice.randrange(18)))
    if dice.random() < 0.5:
        text = f"{dice.randrange(10 ** dice.randrange(1, 12))}.{dice.randrange(10 ** dice.randrange(1, 5))}"
        if dice.random() < 0.7:
            at = dice.randrange(len(text) + 1)
            text = text[:at] + dice.choice(noise) + text[at + dice.randrange(2) :]
    return text


@pytest.mark.slow
def test_a_hundred_thousand_texts_are_read_as_by_hand_and_in_no_time():
    dice = random.Random(20261121)
    accepted, took = 0, []
    for _ in range(100_000):
        text = generated(dice)
        for currency, exponent in PLACES.items():
            began = time.perf_counter()
            found = read(text, currency)
            took.append(time.perf_counter() - began)
            assert found == read_by_hand(text, exponent), (text, currency)
            accepted += found is not None
    took.sort()
    print(f"{len(took)} readings, {accepted} amounts, p99 {took[len(took) * 99 // 100] * 1e6:.1f} µs")
    assert 1_000 < accepted < len(took) // 2
    assert took[len(took) * 99 // 100] < 0.001


@given(st.text())
def test_no_text_is_read_otherwise_than_by_hand(text: str):
    assert read(text, "EUR") == read_by_hand(text, 2)


@given(st.integers(0, 10**12 - 1), currencies)
def test_writing_and_reading_are_opposites(minor: int, currency: str):
    money = Money(minor % 10 ** (10 + min(EXPONENTS[currency], 2)), currency)
    assert parse_amount(format_amount(money), currency) == money


@given(minors, currencies)
def test_what_is_written_is_worth_the_same(minor: int, currency: str):
    written = format_amount(Money(minor, currency))
    assert Decimal(written).scaleb(EXPONENTS[currency]) == minor
    assert -Decimal(written).as_tuple().exponent == EXPONENTS[currency]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (0, "EUR", "0.00"),
        (1, "EUR", "0.01"),
        (-1, "EUR", "-0.01"),
        (12000, "EUR", "120.00"),
        (-12345, "EUR", "-123.45"),
        (-12345, "JPY", "-12345"),
        (0, "JPY", "0"),
        (-12345, "BHD", "-12.345"),
        (10**12 - 1, "EUR", "9999999999.99"),
    ],
)
def test_amounts_are_written_with_all_places(minor: int, currency: str, written: str):
    assert format_amount(Money(minor, currency)) == written


@given(minors, minors)
def test_money_adds_and_compares_like_its_minor_units(one: int, other: int):
    left, right = Money(one, "EUR"), Money(other, "EUR")
    assert (left + right).minor == one + other
    assert (left - right).minor == one - other
    assert (-left).minor == -one
    for compare in (lt, le, gt, ge):
        assert compare(left, right) == compare(one, other)
    assert (left == right) == (one == other)


@given(st.lists(minors, max_size=20))
def test_sums_are_exact(each: list[int]):
    assert sum_money((Money(minor, "EUR") for minor in each), "EUR") == Money(sum(each), "EUR")


@pytest.mark.parametrize("act", [add, sub, lt, le, gt, ge])
def test_currencies_never_mix(act: Callable[[Any, Any], Any]):
    with pytest.raises(CurrencyMismatch):
        act(Money(1, "EUR"), Money(1, "USD"))


def test_equal_numbers_of_different_currencies_differ():
    """T10: 100 is not 100 when one of them is in sum."""
    assert Money(100, "EUR") != Money(100, "UZS")
    with pytest.raises(CurrencyMismatch):
        sum_money([Money(1, "EUR"), Money(1, "UZS")], "EUR")
    with pytest.raises(CurrencyMismatch):
        sum_money([Money(1, "EUR")], "UZS")


def test_money_cannot_be_changed():
    with pytest.raises(AttributeError):
        Money(1, "EUR").minor = 2  # type: ignore[misc]


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=100), st.sampled_from([sum, math.fsum]))
def test_a_sum_of_binary_fractions_is_the_sum_of_its_cents(minors: list[int], add: Callable[[list[float]], float]):
    written = repr(float(add([each / 100 for each in minors])))
    assert parse_sum(written, "EUR") == Money(sum(minors), "EUR")


@pytest.mark.parametrize("text", ["0.005", "1.001", "1.0000011", "1.009", "-1.0000000001", "1.1e0", "01.000", "1.000x"])
def test_what_strays_further_is_no_sum(text: str):
    with pytest.raises(InvalidAmount):
        parse_sum(text, "EUR")


def test_the_sum_of_a_currency_without_places_has_none():
    assert parse_sum("5.0000000001", "JPY") == Money(5, "JPY")
