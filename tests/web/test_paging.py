"""Cursors: what we wrote comes back, everything else is nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.queries.paging import Cursor

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants bounds without zone


@given(MOMENTS, st.integers(1, 2**63 - 1))
def test_a_cursor_comes_back_to_the_microsecond(moment: datetime, key: int) -> None:
    cursor = Cursor(moment, key)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text(max_size=40))
def test_anything_else_is_no_cursor_and_no_fault(text: str) -> None:
    found = Cursor.parse(text)
    assert found is None or isinstance(found, Cursor)
