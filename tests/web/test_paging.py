"""Cursors: what we wrote comes back, everything else is nothing."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.queries.paging import Cursor
from app.queries.text_cursor import TextCursor

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants bounds without zone


@given(MOMENTS, st.integers(1, 2**63 - 1))
def test_a_cursor_comes_back_to_the_microsecond(moment: datetime, key: int) -> None:
    cursor = Cursor(moment, key)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text(max_size=40))
def test_anything_else_is_no_cursor_and_no_fault(text: str) -> None:
    found = Cursor.parse(text)
    assert found is None or isinstance(found, Cursor)


@pytest.mark.parametrize("value", ["\\ud800", "a\\udfffb", "\\u0000"])
def test_a_cursor_of_words_that_no_database_can_read_is_none(value: str) -> None:
    encoded = base64.urlsafe_b64encode(f'["{value}",1]'.encode()).decode().rstrip("=")
    assert TextCursor.parse(encoded) is None
