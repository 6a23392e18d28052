"""How money that came at once is shared out (eis.md 5.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.bulk import MOST_MEMBERS, Part, parse_members, share_out
from app.domain.errors import Invalid
from app.domain.order_reference import LONGEST, OrderReference, compose_bulk, parse

PARTS = st.lists(st.builds(Part, st.integers(0, 10_000), st.integers(1, 10_000)), max_size=20)
NUMBERS = st.lists(st.integers(0, 9_999_999_999), min_size=1, max_size=MOST_MEMBERS, unique=True)


@given(captured=st.integers(0, 200_000), parts=PARTS)
def test_nobody_gets_more_than_it_needs_or_was_agreed_and_nothing_is_made_up(captured: int, parts: list[Part]) -> None:
    given_ = share_out(captured, parts)
    assert len(given_) == len(parts)
    assert sum(given_) <= captured
    assert all(0 <= got <= min(part.due_minor, part.agreed_minor) for got, part in zip(given_, parts, strict=True))


@given(parts=PARTS)
def test_the_whole_sum_gives_every_member_what_it_can_take(parts: list[Part]) -> None:
    whole = sum(part.agreed_minor for part in parts)
    assert share_out(whole, parts) == tuple(min(part.due_minor, part.agreed_minor) for part in parts)


@given(numbers=NUMBERS)
def test_numbers_are_read_as_they_were_joined(numbers: list[int]) -> None:
    assert parse_members(" ".join(map(str, numbers))) == tuple(numbers)


@given(text=st.text())
def test_any_other_text_is_refused_by_name(text: str) -> None:
    if all(word.isascii() and word.isdigit() for word in text.strip().split(" ") if word) and text.strip():
        return
    with pytest.raises(Invalid) as refused:
        parse_members(text)
    assert set(refused.value.fields) == {"description"}


@given(parent=st.integers(1, 14_001), numbers=NUMBERS, attempt=st.integers(1, 999))
def test_a_reference_fits_and_names_its_parent(parent: int, numbers: list[int], attempt: int) -> None:
    text = compose_bulk(parent, numbers, attempt, longest=LONGEST)
    found = parse(text)
    assert len(text) <= LONGEST
    assert (found.number, found.attempt) == (parent, attempt)
    assert found.members == tuple(numbers[: len(found.members)])


def test_the_reference_of_the_contract() -> None:
    assert compose_bulk(10_005, (150_001, 150_002)) == "Ref:10005, 150001, 150002"
    assert parse("Ref:10005-2, 150001") == OrderReference(10_005, 2, (150_001,))
