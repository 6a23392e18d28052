"""What axe finds on a page, on a desk and on a phone, in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import axe_playwright_python
from playwright.sync_api import ViewportSize

from tests.thoroughness import EXHAUSTIVE

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

SCRIPT = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TAGS = [*WCAG, "best-practice"]
DESK = ViewportSize(width=1280, height=900)
PHONE, NARROW = ViewportSize(width=360, height=760), ViewportSize(width=320, height=700)
RUN = """
async ([where, only]) => (await axe.run(where, {runOnly: only, resultTypes: ["violations"]})).violations.flatMap(
  (rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`))
"""


def bring(context: BrowserContext) -> None:
    """Let every page of this browser have axe at hand."""
    context.add_init_script(SCRIPT)


def faults(page: Page, where: str = "html") -> list[str]:
    """Return what axe finds on the page as it stands: WCAG 2.2 A and AA, and on whole pages what is good practice."""
    return [f"{page.url} {each}" for each in page.evaluate(RUN, [where, TAGS if where == "html" else WCAG])]


def faults_by_turns(page: Page, turn: int, where: str = "html") -> list[str]:
    """Return what axe finds in one light on one screen, which is another at each turn; in the long run in all four."""
    turns = range(4) if EXHAUSTIVE else (turn % 4,)
    found = []
    for each in turns:
        page.set_viewport_size((DESK, PHONE)[each % 2])
        page.emulate_media(color_scheme="light" if each < 2 else "dark")
        found += faults(page, where)
    return found


def scrolls_sideways(page: Page) -> bool:
    """Return whether the page is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
