"""Reference numbers and order references (eis.md 7.4, appendix A.2, A.4, A.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.order_reference import OrderReference, compose, compose_bulk, parse
from app.domain.reference import candidate_in_text, check_digit, is_valid, with_check_digit


@pytest.mark.parametrize(
    ("base", "digit"),
    [
        ("1", 3),
        ("773423", 0),
        ("1234567891234567891", 7),
        ("736648", 8),
        ("214403", 2),
        ("219981", 2),
        ("100000", 9),
        ("999999", 2),
    ],
)
def test_check_digits_of_the_vectors(base: str, digit: int) -> None:
    assert check_digit(base) == digit


@pytest.mark.parametrize("number", ["7366488", "2144032", "2199812", "13", "55"])
def test_valid_numbers(number: str) -> None:
    assert is_valid(number)


@pytest.mark.parametrize("number", ["2199813", "2199814", "1234567", "34443", "", "1", "12a", "٢١٤٤٠٣٢", "1" * 21])
def test_invalid_numbers(number: str) -> None:
    assert not is_valid(number)


@given(st.integers(1, 10**18), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(base: int, position: int, shift: int) -> None:
    number = with_check_digit(str(base))
    position %= len(number)
    wrong = number[:position] + str((int(number[position]) + shift) % 10) + number[position + 1 :]
    assert not is_valid(wrong)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ref 2144032", "2144032"),
        ("Invoice 99 ref 2144032 amount 100", "2144032"),
        ("2144032", "2144032"),
        ("no digits", None),
        ("", None),
        (None, None),
        ("Ref 1234567", "1234567"),
    ],
)
def test_references_are_found_in_text(text: str | None, found: str | None) -> None:
    assert candidate_in_text(text) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("150005", OrderReference(150005)),
        (150005, OrderReference(150005)),
        ("150005-2", OrderReference(150005, 2)),
        ("Ref:10005, 150001, 150002", OrderReference(10005, 1, (150001, 150002))),
        ("Ref:10005, 150001", OrderReference(10005, 1, (150001,))),
        ("150331.ee", OrderReference(None)),
        ("150001 150002", OrderReference(None)),
        ("", OrderReference(None)),
        (None, OrderReference(None)),
    ],
)
def test_order_references_are_read(text: str | int | None, expected: OrderReference) -> None:
    assert parse(text) == expected


@given(st.integers(1, 10**9), st.integers(1, 1000))
def test_what_we_compose_we_read(number: int, attempt: int) -> None:
    read = parse(compose(number, attempt))
    assert (read.number, read.attempt) == (number, attempt)


@given(st.integers(1, 10**9), st.lists(st.integers(1, 10**9), min_size=1, max_size=20))
def test_what_we_compose_for_many_we_read(parent: int, members: list[int]) -> None:
    assert parse(compose_bulk(parent, tuple(members))) == OrderReference(parent, 1, tuple(members))


@given(st.text())
def test_no_text_makes_the_reader_fail(text: str) -> None:
    parse(text)
