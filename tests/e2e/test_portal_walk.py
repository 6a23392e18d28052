"""What a person does in the portal, in a real browser on a real system (issue 2, item 3)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PERSONA, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live import Live

pytestmark = pytest.mark.browser


def paid_invoice(live: Live) -> str:
    """Let a service register an invoice and a payer pay it; return its number once the service was told."""
    number, _link = live.invoice()
    answer = live.call(
        "/invoice_generator/oneoff",
        {"invoice_number": number, "customer_url": f"{live.endpoints['simulators']['registrar']}/back"},
    )
    live.pay(answer.json()["oneoff_redirect_link"])
    live.until(lambda: number in live.received())
    return number


def test_from_signing_in_to_the_whole_story_of_an_invoice(live: Live, open_page: Callable[..., Page]) -> None:
    number = paid_invoice(live)
    page = open_page()
    sign_in(page)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=number, exact=True))
    expect(row).to_contain_text("registry")
    expect(row).to_contain_text("Paid")
    expect(row).to_contain_text("120.00\N{NO-BREAK SPACE}€")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    expect(page.locator(".why")).to_contain_text("Paid in full by card on")
    trail = page.locator(".trail")
    for happened in (
        "Domain registry was told",
        "Settled: 120.00",
        "Booked",
        "EveryPay says settled",
        "Callback from EveryPay",
        "Payment page made at EveryPay",
        "Somebody began to pay",
        "Payment link made",
        "Invoice created",
    ):
        expect(trail).to_contain_text(happened)
    expect(page.get_by_role("region", name="Ledger")).to_contain_text("balanced")
    page.get_by_role("link", name="Raw exchanges").click()
    expect(page.locator("pre").first).to_contain_text('"payment_state": "settled"')
    page.get_by_role("link", name=number, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)


def test_typing_a_number_narrows_the_list_at_once_and_can_be_shared(live: Live, mary: Page) -> None:
    number, _link = live.invoice()
    mary.keyboard.press("/")
    expect(mary.get_by_role("searchbox")).to_be_focused()
    mary.keyboard.type(number)
    expect(mary.get_by_role("status").filter(has_text="1 invoice matches")).to_be_visible()
    expect(mary).to_have_url(re.compile(rf"/invoices\?q={number}$"))
    expect(mary.get_by_role("searchbox")).to_be_focused()
    mary.reload()
    expect(mary.get_by_role("searchbox")).to_have_value(number)
    mary.go_back()
    expect(mary.get_by_role("searchbox")).to_have_value("")


def test_a_filter_says_on_its_button_what_it_does(mary: Page) -> None:
    chip = mary.locator("summary", has_text="Status")
    chip.click()
    mary.get_by_label("Not paid yet", exact=True).check()
    mary.get_by_label("Overdue", exact=True).check()
    expect(chip).to_have_text("Status: Not paid yet, Overdue")
    expect(mary).to_have_url(re.compile(r"status=unpaid,overdue"))
    mary.keyboard.press("Escape")
    expect(mary.get_by_label("Not paid yet", exact=True)).to_be_hidden()
    expect(chip).to_be_focused()


def test_fifty_more_come_by_a_click_and_the_focus_goes_with_them(live: Live, mary: Page) -> None:
    for _ in range(51):
        live.invoice()
    mary.goto("/invoices")
    rows = mary.locator("tbody tr:not(.pager)")
    expect(rows).to_have_count(50)
    mary.get_by_role("link", name="Show 50 more").click()
    expect(rows.nth(50)).to_be_visible()
    assert rows.count() > 50
    expect(rows.nth(50).get_by_role("link")).to_be_focused()


@pytest.mark.parametrize(
    ("persona", "words"),
    [
        ("LT60001019906", "You are not on the list"),
        ("EE47101010033", "not strong enough"),
        ("Cancel", "You cancelled the sign-in"),
    ],
)
def test_who_may_not_come_in_is_told_why_and_what_to_do(
    open_page: Callable[..., Page], persona: str, words: str
) -> None:
    page = open_page()
    sign_in(page, persona)
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)
    page.goto("/invoices")
    expect(page).to_have_url(re.compile(r"/sign_in\?next=%2Finvoices|/sign_in\?next=/invoices"))
    page.goto("/auth/tara")
    page.get_by_role("button", name=PERSONA).click()
    expect(page.get_by_role("heading", level=1, name="Today")).to_be_visible()


@pytest.mark.slow
def test_after_signing_out_the_back_button_shows_nothing(live: Live, open_page: Callable[..., Page]) -> None:
    number, _link = live.invoice()
    mary = open_page()
    sign_in(mary)
    mary.goto(f"/invoices/{number}")
    mary.get_by_role("button", name="Sign out").click()
    expect(mary.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    mary.go_back()
    expect(mary.get_by_role("link", name="Sign in with TARA")).to_be_visible()
    expect(mary.get_by_text(number)).to_have_count(0)


def test_the_browser_keeps_nothing_of_what_it_showed(live: Live, mary: Page) -> None:
    number, _link = live.invoice()
    mary.keyboard.press("/")
    mary.keyboard.type(number)
    expect(mary.get_by_role("status").filter(has_text="1 invoice matches")).to_be_visible()
    kept = json.loads(mary.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])"))
    assert kept[0] == {}
    assert set(kept[1]) <= {"htmx-current-path-for-history"}
    assert mary.evaluate("document.cookie") == ""


@pytest.mark.slow
def test_a_session_ended_from_another_browser_ends_there(open_page: Callable[..., Page], mary: Page) -> None:
    other = open_page(user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    sign_in(other)
    mary.goto("/sessions")
    link = mary.get_by_role("row").filter(has_text="Firefox, Linux").first.get_by_role("link", name="End…")
    link.click()
    dialog = mary.get_by_role("dialog", name="End the session on Firefox, Linux?")
    expect(dialog).to_be_visible()
    mary.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()
    link.click()
    dialog.get_by_role("button", name="End the session").click()
    expect(mary.get_by_text("The session is ended")).to_be_visible()
    other.get_by_role("searchbox").fill("1")
    expect(other.get_by_role("heading", level=1, name="Sign in")).to_be_visible()


@pytest.mark.slow
def test_the_whole_walk_by_keyboard_alone(live: Live, open_page: Callable[..., Page]) -> None:
    number, _link = live.invoice()
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Sign in with TARA")).to_be_focused()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name=PERSONA)
    button.wait_for()
    for _ in range(5):
        page.keyboard.press("Tab")
        if button.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Today")).to_be_visible()
    page.wait_for_load_state()
    invoices = page.get_by_role("navigation", name="Main").get_by_role("link", name="Invoices")
    for _ in range(6):
        page.keyboard.press("Tab")
        if invoices.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Invoices")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.type(number)
    page.wait_for_url(re.compile(rf"=\b{number}\b"))
    expect(page.get_by_role("status").filter(has_text="1 invoice matches")).to_be_visible()
    page.get_by_role("searchbox").evaluate("node => node.blur()")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name=number, exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.innerText.trim()"))
    assert {"Invoices", "Raw exchanges", "Sign out"} <= seen


def test_the_theme_follows_the_choice_without_a_flash(mary: Page) -> None:
    mary.get_by_role("button", name="Dark").click()
    expect(mary.locator("html")).to_have_attribute("data-theme", "dark")
    assert mary.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    mary.get_by_role("button", name="As the system").click()
    expect(mary.locator("html")).not_to_have_attribute("data-theme", re.compile("."))


def test_a_fault_while_searching_becomes_a_message_and_the_list_stays(mary: Page) -> None:
    mary.route(
        "**/invoices?**",
        lambda route: route.fulfill(status=503, body='<div class="toast bad">The system is busy</div>'),
    )
    mary.keyboard.press("/")
    mary.keyboard.type("1")
    expect(mary.locator("#toasts")).to_contain_text("The system is busy")
    expect(mary.locator("#results")).to_be_visible()
