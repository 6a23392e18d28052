"""A person who works without a mouse: every step is a key, and where the focus is can always be seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.thoroughness import EXHAUSTIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.desk import Desk

# Whether this is where the keys go; whether the eye finds it: framed, itself or the field around it; and what it is.
LOOK = """
(node) => {
  const at = document.activeElement;
  const framed = (each) => {
    if (!each) return false;
    const style = getComputedStyle(each);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  };
  const box = at.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const frames = [at, at.parentElement, at.closest("label"), at.closest("li")];
  const seen = at === document.body || at.id === "main" || (inside && frames.some(framed));
  return [at === node, seen, at.outerHTML.slice(0, 120)];
}
"""
MOST_TABS = 150


@dataclass(frozen=True)
class KeyboardUser:
    """A person at the keyboard before one page, who reads its language."""

    desk: Desk
    page: Page
    lang: str

    def say(self, text: str, **values: object) -> str:
        """Return a text of the portal as it stands on this page."""
        return self.desk.say(self.lang, text, **values)

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Write over what a field holds."""
        self.press("Control+A")
        self.page.keyboard.type(text)

    def to(self, target: Locator) -> None:
        """Go on with the Tab key until the target has the focus; every stop on the way is to be seen."""
        target = target.first
        expect(target).to_be_visible()
        for _ in range(MOST_TABS):
            is_there, is_seen, where = target.evaluate(LOOK)
            assert is_seen, f"the focus cannot be seen: {where}"
            if is_there:
                return
            self.press("Tab")
        raise AssertionError(f"the Tab key does not lead to {target}")

    def past_navigation(self) -> None:
        """Skip to the content, as the first link of a page offers."""
        self.press("Tab")
        expect(self.page.locator(".skip")).to_be_focused()
        self.press("Enter")

    def follow(self, name: str | re.Pattern[str], role: str = "link", *, within: Locator | None = None) -> None:
        """Go to what carries these words, and press it."""
        self.to((within or self.page).get_by_role(role, name=name, exact=isinstance(name, str)))  # type: ignore[arg-type]
        self.press("Enter")

    def open_section(self, name: str, tab: str | None = None) -> None:
        """Go to a section by the main navigation, and to one of its tabs."""
        with self.page.expect_navigation():
            self.follow(_counted(self.say(name)), within=self.page.locator("nav.nav"))
        if tab is not None:
            self.past_navigation()
            with self.page.expect_navigation():
                self.follow(_counted(self.say(tab)), within=self.page.locator("main .tabs"))

    def is_at(self, headline: str | re.Pattern[str]) -> None:
        """Wait for the page with this headline."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(headline)
        self.page.wait_for_load_state()

    def field(self, label: str, text: str, *, within: Locator | None = None) -> None:
        """Go to a field and fill it in."""
        self.to((within or self.page).get_by_label(self.say(label)))
        self.write(text)

    def dialog(self) -> Locator:
        """Wait for the dialog; what has the focus is inside."""
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert self.page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
        return dialog


def _counted(name: str) -> re.Pattern[str]:
    """Return what a place of the navigation is called, with or without the number of what waits there."""
    return re.compile(rf"^{re.escape(name)}( \d+\+?)?$")


def spoken(*languages: str) -> pytest.MarkDecorator:
    """Say in which languages a story is told at each check."""
    return pytest.mark.parametrize("lang", ["en", "et", "ru"] if EXHAUSTIVE else languages)


def asks_for(words: str) -> Callable[[str], bool]:
    """Return whether an address is that of the list of what these words find: the last one may still stand there."""
    return lambda url: parse_qs(urlsplit(url).query).get("q") == [words]
