"""Browsers that must stay clean, before a running system or before the portal in this process."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import populated
from tests.e2e.desk import MARY, Desk, served
from tests.e2e.keyboard import KeyboardUser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext

    from tests.database import Databases
    from tests.live import Live

PERSONA = MARY
# A wide window, as on a desk.
WINDOW = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def desk(databases: Databases, redis_url: str) -> Iterator[Desk]:
    """Return the portal in this process, which the tests of this worker share."""
    with databases.clone() as url, served(url, redis_url) as running:
        yield running


@pytest.fixture(scope="session")
def places(desk: Desk) -> dict[str, str]:
    """Return an address for every page of the populated portal."""
    return populated.pages(desk, populated.populate(desk))


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a way to open pages in browsers of their own.

    Whatever is asked of another host, said in a console, or broken of the policy fails the test at its end.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_one(base_url: str, hosts: set[str], prepare: Callable[[BrowserContext], None], **options: object) -> Page:
        context = browser.new_context(base_url=base_url, **{"viewport": WINDOW, "reduced_motion": "reduce", **options})  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        contexts.append(context)
        prepare(context)
        page = context.new_page()
        page.on("console", lambda said: _note(faults, said.type, said.text))
        page.on("pageerror", lambda error: _note(faults, "error", str(error)))
        page.on("request", lambda request: _at_home(faults, request.url, hosts))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def at_desk(desk: Desk, opened: Callable[..., Page]) -> Callable[..., Page]:
    """Return a way to open the portal as somebody who is signed in, in a language."""
    desk.mount()  # an application another test made meanwhile has the login service lead to its own
    desk.forget_languages()

    def open_it(subject: str | None = MARY, lang: str = "en", **options: object) -> Page:
        def prepare(context: BrowserContext) -> None:
            if subject:
                desk.sign_in(context, subject, lang)
            else:
                desk.speak(context, lang)

        return opened(desk.url, {desk.url, desk.login}, prepare, **options)

    return open_it


@pytest.fixture
def open_page(live: Live, opened: Callable[..., Page]) -> Callable[..., Page]:
    """Return a way to open pages of the running system."""
    ours = {live.web, *live.endpoints["simulators"].values()}
    moving = {"reduced_motion": "no-preference"}  # here; at the desk nothing moves, which draws a tenth less
    return lambda **options: opened(live.web, ours, lambda _context: None, **moving | options)


@pytest.fixture(scope="session")
def session_of_mary(live: Live, browser: Browser) -> dict[str, object]:
    """Return what a browser keeps once Mary has signed in to the running system."""
    context = browser.new_context(base_url=live.web)
    sign_in(context.new_page())
    kept = dict(context.storage_state())
    context.close()
    return kept


@pytest.fixture
def mary(open_page: Callable[..., Page], session_of_mary: dict[str, object]) -> Page:
    """Return the list of invoices as Mary sees it, who signed in before; nobody ends this session."""
    page = open_page(storage_state=session_of_mary)
    page.goto("/invoices")
    return page


def _note(faults: list[str], kind: str, text: str) -> None:
    """Note what the browser complains of; that a page is refused on purpose is no fault."""
    expected = re.search(
        r"the server responded with a status of (4\d\d|50[03])|^Response Status Error Code"
        r"|^htmx:(afterRequest|sendAbort)"  # a search that a newer one took the place of
        r"|^Transition was (aborted|skipped)",  # the next page was there before this one had faded in
        text,
    )
    if kind in {"error", "warning"} and not expected:
        faults.append(text)


def _at_home(faults: list[str], address: str, hosts: set[str]) -> None:
    parts = urlsplit(address)
    if f"{parts.scheme}://{parts.netloc}" not in hosts:
        faults.append(f"asked another host: {address}")


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


@pytest.fixture
def sit_down(desk: Desk, at_desk: Callable[..., Page]) -> Callable[..., KeyboardUser]:
    """Return a way to sit down at the portal's first page, signed in."""

    def sit(lang: str, subject: str = MARY, path: str = "/overview") -> KeyboardUser:
        page = at_desk(subject, lang)
        page.goto(path)
        return KeyboardUser(desk, page, lang)

    return sit
