"""Two people in two browsers: one asks for a lot of money to go back, the other agrees, by keyboard and once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live import Live

pytestmark = pytest.mark.browser

JAAN = "EE38001085718"


def paid(live: Live, amount: str) -> str:
    """Let a payer pay an invoice and return its number once the service was told."""
    number, link = live.invoice(amount)
    live.pay(link)
    live.until(lambda: number in live.received())
    return number


def let_in(mary: Page, role: str = "supervisor") -> None:
    """Put a second person on the white list."""
    mary.goto("/people/new")
    mary.get_by_label("Country and personal code").fill(JAAN)
    mary.get_by_label("Name", exact=True).fill("Jaan")
    mary.get_by_label("Who answers for it").fill("Mary")
    mary.locator(f'input[name="role"][value="{role}"]').check()
    mary.get_by_label("Reason").fill("second person for refunds")
    mary.get_by_role("button", name="Let somebody in").click()
    expect(mary.get_by_role("main")).to_contain_text("Jaan")


def ask(page: Page, number: str, amount: str) -> str:
    """Ask for a refund with the keyboard alone and return its address."""
    page.goto(f"/invoices/{number}/refunds/new")
    page.get_by_label("Amount to give back").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(amount)
    page.keyboard.press("Tab")
    page.keyboard.type("the payer asked")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/refunds/\d+$"))
    return page.url


def test_one_asks_and_the_other_agrees(live: Live, mary: Page, open_page: Callable[..., Page]) -> None:
    number = paid(live, "800.00")
    let_in(mary)
    refund = ask(mary, number, "750,50")
    expect(mary.locator(".why")).to_contain_text("wait for a second person")
    expect(mary.get_by_role("link", name="Agree…", exact=True)).to_have_count(0)
    jaan = open_page()
    sign_in(jaan, JAAN)
    jaan.goto("/approvals")
    row = jaan.get_by_role("row").filter(has_text="750.50")
    row.get_by_role("checkbox").focus()
    jaan.keyboard.press("Space")
    button = jaan.get_by_role("button", name="Agree to the chosen…")
    button.focus()
    jaan.keyboard.press("Enter")
    dialog = jaan.get_by_role("dialog", name=re.compile("Let 750.50"))
    expect(dialog).to_be_visible()
    dialog.get_by_label("What you checked").fill("the mail and the invoice")
    jaan.keyboard.press("Enter")
    expect(jaan.get_by_text("leaves now")).to_be_visible()
    live.until(lambda: bool(mary.goto(refund)) and "went back" in mary.locator(".why").inner_text())
    expect(mary.locator(".trail")).to_contain_text("the mail and the invoice")


def test_a_double_click_asks_once_and_the_back_button_shows_it(live: Live, mary: Page) -> None:
    number = paid(live, "90.00")
    mary.goto(f"/invoices/{number}/refunds/new")
    mary.get_by_label("Amount to give back").fill("30")
    mary.get_by_label("Reason").fill("clicked twice")
    mary.get_by_role("button", name="Give back", exact=True).dblclick()
    expect(mary).to_have_url(re.compile(r"/refunds/\d+$"))
    mary.go_back()
    expect(mary.get_by_text("Refunds of this invoice so far")).to_be_visible()
    expect(mary.get_by_role("table").last.get_by_role("row")).to_have_count(2)
    expect(mary.get_by_role("table").first).to_contain_text("60.00")
