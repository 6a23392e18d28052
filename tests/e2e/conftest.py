"""One running system for all walks, and pages that must stay clean: no breach of the policy, no fault in a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext

PERSONA = "EE60001019906"


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    """Return a system started as a first visitor starts it, with its demo data."""
    running = Live.in_new_folder().start()
    yield running
    running.remove()


@pytest.fixture
def open_page(live: Live, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a way to open pages in browsers of their own; every fault in a console fails the test at its end."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened(**options: object) -> Page:
        context = browser.new_context(base_url=live.web, **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: _note(faults, said.type, said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


def _note(faults: list[str], kind: str, text: str) -> None:
    """Note what the browser complains of; that a page is refused on purpose is no fault."""
    replaced = r"|^htmx:(afterRequest|sendAbort)"  # a search that a newer one took the place of
    expected = re.search(
        r"the server responded with a status of (4\d\d|503)|^Response Status Error Code" + replaced, text
    )
    if kind in {"error", "warning"} and not expected:
        faults.append(text)


@pytest.fixture
def mary(open_page: Callable[..., Page]) -> Page:
    """Return a page on which Mary has signed in."""
    page = open_page()
    sign_in(page)
    return page


def sign_in(page: Page, persona: str = PERSONA) -> None:
    """Walk from the portal's first page through the login service and back, and on to the invoices."""
    page.goto("/")
    page.get_by_role("link", name="Sign in with TARA").click()
    page.get_by_role("button", name=persona).click()
    if persona == PERSONA:
        expect(page.get_by_role("heading", level=1, name="Today")).to_be_visible()
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Invoices").click()
        expect(page.get_by_role("heading", level=1, name="Invoices")).to_be_visible()
    page.wait_for_load_state()
