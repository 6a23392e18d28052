"""The day's work in a browser with JavaScript switched off: every form is a page and every button sends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import populated
from tests.e2e.desk import JAAN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def page(at_desk: Callable[..., Page]) -> Page:
    return at_desk(java_script_enabled=False)


def test_an_invoice_is_found_and_its_words_corrected(desk: Desk, page: Page) -> None:
    number = desk.system.invoice()
    populated.index(desk.system)
    page.goto("/invoices")
    page.get_by_role("searchbox").fill(str(number))
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("status").first).to_have_text("1 invoice matches, 120.00 € in all")
    page.get_by_role("link", name=str(number), exact=True).click()
    page.get_by_role("link", name="Edit…").click()
    page.get_by_label("Description").fill("Domeen")
    page.get_by_label("Reason").fill("kirjaviga")
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator(".trail")).to_contain_text("kirjaviga")
    expect(page.locator("main")).to_contain_text("Domeen")


def test_money_goes_back_when_a_second_person_agrees(desk: Desk, page: Page, at_desk: Callable[..., Page]) -> None:
    number, _reference = desk.system.settle(amount="900.00")
    page.goto(f"/invoices/{number}")
    page.get_by_role("link", name="Refund…").click()
    page.get_by_label("Amount to give back").fill("800")
    page.get_by_label("Reason").fill("")
    page.get_by_role("button", name="Give back", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Reason").fill("asked by mail")
    page.get_by_role("button", name="Give back", exact=True).click()
    page.wait_for_url(re.compile(r"/refunds/\d+$"))
    refund = page.url.rpartition("/")[2]
    jaan = at_desk(JAAN, java_script_enabled=False)
    jaan.goto("/approvals")
    jaan.get_by_label(f"Choose refund {refund}").check()
    jaan.get_by_role("button", name="Agree to the chosen…").click()
    jaan.get_by_label("What you checked").fill("the mail")
    jaan.get_by_role("button", name="Agree", exact=True).click()
    desk.system.drain()
    page.reload()
    expect(page.locator(".trail")).to_contain_text("the mail")


@pytest.mark.slow
def test_an_invoice_is_written_and_issued(page: Page) -> None:
    page.goto("/drafts/new")
    page.locator("#line-1-description").fill("Domain")
    page.locator("#line-1-price").fill("10")
    page.get_by_role("button", name="One more line").click()
    expect(page.locator("#line-2-description")).to_be_focused()
    page.locator("#line-2-description").fill("Certificate")
    page.locator("#line-2-price").fill("5")
    page.get_by_label("Name").fill("Tuulik AS")
    page.get_by_label("E-mail").fill("tuulik@example.ee")
    page.get_by_role("button", name="Save and issue…").click()
    page.get_by_role("button", name="Issue", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Invoice")
    expect(page.get_by_text("http://everypay.test/lp?")).to_be_visible()


def test_what_is_stuck_is_sent_again(desk: Desk, page: Page) -> None:
    delivery = populated.owed_for(desk.system, "unscripted")
    page.goto(f"/deliveries/{delivery}")
    page.get_by_role("link", name="Send again…").click()
    page.get_by_label("Reason").fill("it is back")
    page.locator("main form").last.get_by_role("button").last.click()
    page.goto(f"/deliveries/{delivery}")
    expect(page.locator("main")).to_contain_text("it is back")


@pytest.mark.slow
def test_somebody_is_let_in_and_out_again(page: Page) -> None:
    page.goto("/people")
    page.get_by_role("link", name="Let somebody in").click()
    page.get_by_label("Country and personal code").fill("EE38509280015")
    page.get_by_label("Name", exact=True).fill("Toomas")
    page.get_by_label("Who answers for it").fill("Mary")
    page.locator('input[name="role"][value="viewer"]').check()
    page.get_by_label("Reason").fill("summer help")
    page.get_by_role("button", name="Let somebody in").click()
    page.get_by_role("link", name="Take access away…").click()
    page.get_by_label("Reason").fill("summer is over")
    page.get_by_role("button", name="Take access away").click()
    expect(page.locator("main")).to_contain_text("Taken away")


@pytest.mark.slow
def test_the_month_is_read_to_the_last_row_and_the_person_chooses_a_look_and_leaves(desk: Desk, page: Page) -> None:
    desk.system.settle()
    page.goto("/overview/month")
    page.get_by_role("link", name="Show of whom most came").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/overview/month")
    page.locator(".figures a").first.click()
    expect(page.locator("main table")).to_be_visible()
    page.get_by_role("button", name="Dark").first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/sessions")
    page.get_by_role("link", name="End…").last.click()
    expect(page.get_by_role("heading", level=1, name="End a session")).to_be_visible()
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
