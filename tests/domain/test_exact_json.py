"""Numbers keep their digits through JSON, and nothing of JSON costs more than it is long (security T20)."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import exact_json

numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=2)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize("text", ["120.0", "120.00", "0.1", "0.10", "-3.50", "1234567890.12", "120", "0"])
def test_a_number_keeps_its_digits(text: str):
    assert exact_json.dumps(exact_json.loads(text)) == text


@pytest.mark.slow
@given(values)
def test_what_is_written_reads_the_same(value: Any):
    assert exact_json.loads(exact_json.dumps(value)) == value


@pytest.mark.slow
@given(values)
def test_what_is_written_is_json_for_everybody(value: Any):
    json.loads(exact_json.dumps(value))


def test_no_float_is_made():
    assert isinstance(exact_json.loads("[1.5]")[0], Decimal)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "",
        "{",
        "[" * 200_000,
        "1" * 41,
        "1." + "0" * 40,
        "1e41",
        "1e-41",
        "1e999999999",
        b"\xff",
        "'a'",
    ],
)
def test_what_is_no_json_is_a_value_error(text: str | bytes):
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words
        exact_json.loads(text)


def test_long_numbers_cost_nothing():
    """T20"""
    started = time.perf_counter()
    for text in ("9" * 100_000, "1e1000000", "1" + "0" * 4200 + ".5"):
        with pytest.raises(ValueError):  # noqa: PT011
            exact_json.loads(text)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("value", [Decimal("NaN"), [Decimal("Infinity")], float("nan")])
def test_a_nan_is_not_written(value: Any):
    with pytest.raises(ValueError):  # noqa: PT011
        exact_json.dumps(value)


@pytest.mark.parametrize("value", [{1, 2}, object(), [Decimal(1), object()], {1: Decimal(1)}])
def test_what_json_cannot_say_is_a_type_error(value: Any):
    with pytest.raises(TypeError):
        exact_json.dumps(value)


@given(values)
def test_storable_changes_only_what_postgresql_refuses(value: Any):
    stored = exact_json.storable(value)
    text = json.dumps(stored, default=str, ensure_ascii=False)
    assert "\\u0000" not in text
    text.encode("utf-8")
    if "\\u0000" not in json.dumps(value, default=str):
        assert stored == value


def test_halves_of_characters_are_replaced():
    assert exact_json.storable({"\ud800": ["\0"]}) == {"\N{REPLACEMENT CHARACTER}": ["\N{REPLACEMENT CHARACTER}"]}
