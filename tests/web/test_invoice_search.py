"""What is typed into the search field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.lists import fill, numbers

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal


@pytest.fixture(scope="module")
def filled_portal(shared_portal: Portal) -> Portal:
    fill(shared_portal.system, 10)
    shared_portal.system.sql("update invoice set reference_number = '2144032' where number = 150009")
    return shared_portal


@pytest.fixture
def searching(filled_portal: Portal, mary: Browser) -> Browser:
    return mary


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("150012", [150_012]),
        ("15001", [150_014, 150_013, 150_012, 150_011, 150_010]),
        ("payer150007", [150_007]),
        ("PAYER150007@EXAMPLE", [150_007]),
        ("50012", []),
        ("150012 ", [150_012]),
        ("2144032", [150_009]),
        ("214403", []),
        ("%", []),
        ("_", []),
        ("1500%", []),
        ("\\", []),
        ("' or 1=1 --", []),
        ("\x00", list(range(150_014, 150_004, -1))),
        ("٣", []),
        ("²", []),
        ("9" * 80, []),
    ],
)
def test_what_is_typed_finds_by_beginning_and_breaks_nothing(searching: Browser, query: str, found: list[int]) -> None:
    answer = searching.client.get("/invoices", query_string={"q": query})
    assert answer.status_code == 200
    assert numbers(answer.text) == found
