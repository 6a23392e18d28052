"""What a service means by `error` (eis.md 10.2.7)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.refusal import LONGEST, refusal_in

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text() | st.just("message"), each),
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Invoice data was successfully updated"}, ""),
        ({"error": "no"}, "no"),
        ({"error": {"message": "Invoice with 5 number not found"}}, "Invoice with 5 number not found"),
        ({"error": {"message": ["a", "b"]}}, "a, b"),
        ({"error": {"total": ["is wrong"], "vat": ["is missing"]}}, "total is wrong; vat is missing"),
        ({"error": None}, ""),
        ("<html>", ""),
        (None, ""),
    ],
)
def test_a_refusal_is_found_in_every_shape(body: Any, words: str) -> None:
    assert refusal_in(body) == words


@pytest.mark.slow
@given(error=ANYTHING)
def test_no_answer_is_too_strange(error: Any) -> None:
    assert len(refusal_in({"error": error})) <= LONGEST
