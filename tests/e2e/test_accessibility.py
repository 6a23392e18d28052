"""No page of the portal has a fault that axe can find, in light and dark, on a desk and on a phone (front-end.md 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live import Live

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
DESK, PHONE = {"width": 1360, "height": 900}, {"width": 360, "height": 760}


def faults(page: Page) -> list[str]:
    found: dict[str, Any] = Axe().run(page, options=RULES).response
    return [
        f"{page.url} {each['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def addresses(live: Live) -> dict[str, str]:
    number, link = live.invoice()
    live.pay(link)
    live.until(lambda: number in live.received())
    return {
        "home": "/overview",
        "month": "/overview/month",
        "movements": "/overview/movements",
        "references": "/references",
        "new reference": "/references/new",
        "deposits": "/deposits",
        "invoices": "/invoices",
        "no invoice": "/invoices?q=nothing",
        "list with everything": "/invoices?status=paid&sort=-amount&column=email&column=paid",
        "new view": "/invoices/views/new?status=overdue",
        "invoice": f"/invoices/{number}",
        "exchanges": f"/invoices/{number}/exchanges",
        "export": "/invoices/exports/new",
        "bulk action": "/invoices/marks/new?to=paid",
        "tasks": "/tasks",
        "sessions": "/sessions",
        "people": "/people",
        "person": "/people/1",
        "let in": "/people/new",
        "live sessions": "/people/sessions",
        "settings": "/settings",
        "setting": "/settings/refund_approval_above/edit",
        "services": "/services",
        "service": "/services/registry",
        "new key": "/services/registry/keys/new",
        "number ranges": "/number-ranges",
        "new range": "/number-ranges/new",
        "missing": "/invoices/1",
        "styleguide": "/styleguide",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_is_without_fault(
    live: Live, open_page: Callable[..., Page], scheme: str, size: dict[str, int]
) -> None:
    page = open_page(color_scheme=scheme, viewport=size)
    page.goto("/sign_in")
    found = faults(page)
    page.goto("/auth/tara/callback")
    found += faults(page)
    sign_in(page)
    for path in addresses(live).values():
        page.goto(path)
        found += faults(page)
        assert not scrolls_sideways(page), path
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_open_parts_are_without_fault_too(open_page: Callable[..., Page], scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    sign_in(page)
    page.locator("summary", has_text="Status").click()
    found = faults(page)
    page.goto("/sessions")
    page.get_by_role("link", name="End…").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += faults(page)
    assert found == []


@pytest.mark.parametrize("lang", ["et", "ru"])
def test_the_longer_words_of_other_languages_fit_on_a_phone(
    live: Live, open_page: Callable[..., Page], lang: str
) -> None:
    page = open_page(viewport={"width": 320, "height": 700})
    sign_in(page)
    for path in addresses(live).values():
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={lang}")
        assert not scrolls_sideways(page), path
    expect(page.locator("html")).to_have_attribute("lang", lang)


def test_nothing_moves_for_who_wants_no_motion_and_colours_may_be_forced(open_page: Callable[..., Page]) -> None:
    page = open_page(reduced_motion="reduce", forced_colors="active")
    sign_in(page)
    durations = "[...document.querySelectorAll('*')].map(node => parseFloat(getComputedStyle(node).transitionDuration))"
    assert max(page.evaluate(durations)) <= 0.001
    assert faults(page) == []


def test_on_paper_there_is_the_story_and_nothing_to_click(live: Live, open_page: Callable[..., Page]) -> None:
    page = open_page()
    sign_in(page)
    page.goto(addresses(live)["invoice"])
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.locator(".trail")).to_be_visible()
