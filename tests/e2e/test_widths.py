"""Windows between a phone and a desk: no list has to be moved sideways, in the language of the longest words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.thoroughness import EXHAUSTIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

WIDTHS = (720, 740, 768, 800, 860, 950, 1000, 1024, 1100, 1200)
# Those with most to say in a row; all pages in all languages with TEST_EXHAUSTIVE=1.
LISTS = (
    "invoices.index", "disputes.index", "deliveries.index", "inbox.index", "system_health.index", "vat_rates.index",
    "initiators.show", "comparisons.index", "refunds.index", "references.index",
)  # fmt: skip
SIDEWAYS = "() => [...document.querySelectorAll('.tbl')].some((each) => each.scrollWidth > each.clientWidth + 1)"


@pytest.mark.slow
@pytest.mark.timeout(600 if EXHAUSTIVE else 120)
@pytest.mark.parametrize("lang", ["ru", "et", "en"] if EXHAUSTIVE else ["ru"])
def test_no_list_scrolls_sideways_between_a_phone_and_a_desk(
    at_desk: Callable[..., Page], places: dict[str, str], lang: str
) -> None:
    page = at_desk(lang=lang)
    found = []
    for name in sorted(places) if EXHAUSTIVE else LISTS[::2]:
        page.goto(places[name])
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate(SIDEWAYS):
                found.append(f"{name} at {width}")
    assert found == []
