"""The portal on a phone: what a table loses with its head, its cells say themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.axe import PHONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SAID = "(cell) => getComputedStyle(cell, '::before').content"


FIRST = {
    "/vat_rates": "Esimene päev",
    "/people": "Sisse logitud",
    "/deliveries": "Ootel",
    "/system-health": "Ootel",
    "/services": "Kehtivad võtmed",
    "/references": "Arved",
    "/audit": "Pitseeritud ridu",
}


@pytest.mark.parametrize("path", FIRST)
def test_a_number_or_a_day_says_what_it_is_where_the_table_has_no_head(
    at_desk: Callable[..., Page], places: dict[str, str], path: str
) -> None:
    assert places
    page = at_desk(lang="et", viewport=PHONE)
    page.goto(path)
    cell = page.locator(".tbl.rows [data-label]:not(.minor)").first
    assert cell.evaluate(SAID) == f'"{FIRST[path]} "'
    page.set_viewport_size({"width": 1280, "height": 900})
    assert cell.evaluate(SAID) == "none"


def test_no_text_of_a_check_lies_under_its_result(at_desk: Callable[..., Page], places: dict[str, str]) -> None:
    page = at_desk(lang="et", viewport=PHONE)
    page.goto(places.get("proofs.index", "/proofs"))
    spill = "(cells) => cells.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.innerText)"
    assert page.locator(".tbl.rows tbody th").evaluate_all(spill) == []


BARE = """
(rows) => rows.flatMap((row) => [...row.children])
  .filter((cell) => cell.tagName === "TD" && cell.innerText.trim() === "–" && cell.checkVisibility())
  .map((cell) => cell.parentElement.innerText)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["invoices.index", "overview.movements", "audit.index", "refunds.index", "inbox.index"]
)
def test_no_line_of_a_card_says_only_that_there_is_nothing(
    at_desk: Callable[..., Page], places: dict[str, str], name: str
) -> None:
    page = at_desk(viewport=PHONE)
    page.goto(places[name])
    rows = page.locator(".tbl.rows tbody tr:not(.pager)")
    assert rows.count()
    assert rows.evaluate_all(BARE) == []
    if name == "invoices.index":
        page.set_viewport_size({"width": 1280, "height": 900})
        assert rows.evaluate_all(BARE) != [], "a table keeps its place"


CUT = """
() => [...document.querySelectorAll("main :is(.btn, .badge)")].filter((each) => {
  const box = each.getBoundingClientRect();
  return each.checkVisibility() && !each.closest(".strip")
    && (box.right > document.documentElement.clientWidth || box.left < 0 || each.scrollWidth > each.clientWidth + 1);
}).map((each) => each.innerText)
"""


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["et", "ru"])
def test_no_action_is_cut_off_where_words_are_long(
    at_desk: Callable[..., Page], places: dict[str, str], lang: str
) -> None:
    page = at_desk(lang=lang, viewport=PHONE)
    cut = []
    for name in ("invoices.show", "credits.show", "refunds.show", "disputes.show", "drafts.edit", "deliveries.show"):
        page.goto(places[name])
        cut += [(name, each) for each in page.evaluate(CUT)]
    assert cut == []
