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


@pytest.mark.parametrize(("lang", "words"), [("en", "First day"), ("et", "Esimene päev")])
def test_the_days_of_a_rate_say_which_they_are(at_desk: Callable[..., Page], lang: str, words: str) -> None:
    page = at_desk(lang=lang, viewport=PHONE)
    page.goto("/vat_rates")
    days = page.locator("[data-label]").first
    assert days.evaluate(SAID) == f'"{words} "'
    page.set_viewport_size({"width": 1280, "height": 900})
    assert days.evaluate(SAID) == "none"
