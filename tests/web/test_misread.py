"""What a list does not understand of its filter is said above it: asking for nothing, it shows everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.lists import fill

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal


@pytest.fixture(scope="module")
def some(shared_portal: Portal) -> None:
    fill(shared_portal.system, 3)


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("least=1.234,50", "Amount “1.234,50”"),
        ("most=1e3", "Amount “1e3”"),
        ("created_from=2026-02-31", "Created “2026-02-31”"),
        ("status=evil", "Status “evil”"),
        ("stauts=paid&least=5", "stauts “paid”"),
    ],
)
def test_what_the_filter_does_not_understand_is_said_and_nothing_is_offered_for_more_than_was_asked(
    mary: Browser, query: str, said: str
) -> None:
    for headers in ({}, {"HX_Request": "true"}):
        page = mary.get(f"/invoices?{query}", **headers).text
        assert f"Not understood: {said}" in page
        assert 'id="selection"' not in page


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    "query", ["", "least=1 234,50", "directo=yes&directo=no", "q=payer&created=this_month&lang=en", "least="]
)
def test_what_is_understood_is_not_warned_of(mary: Browser, query: str) -> None:
    assert "Not understood" not in mary.get(f"/invoices?{query}").text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("least=1.234,50", "Amount “1.234,50”"),
        ("since=2026-02-31&status=succeeded", "Asked for “2026-02-31”"),
        ("status=evil", "Status “evil”"),
    ],
)
def test_what_the_filter_of_refunds_does_not_understand_is_said(mary: Browser, query: str, said: str) -> None:
    assert f"Not understood: {said}" in mary.get(f"/refunds?{query}").text
    assert "Jäi arusaamatuks: Summa „x“" in mary.get("/refunds?least=x&lang=et").text
    assert "Not understood" not in mary.get("/refunds?lang=en&least=1 234,50&status=succeeded&since=2026-02-28").text
