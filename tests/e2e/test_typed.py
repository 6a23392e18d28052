"""What was typed and not sent: kept when the language or the theme changes, asked about when it would be lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Dialog, Page

    from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser


def written(page: Page) -> Page:
    page.goto("/drafts/new?lang=en")
    page.get_by_label("Name").fill("Põhjatäht OÜ")
    page.locator("#line-1-description").fill("Half of it")
    page.locator("#line-1-price").fill("50")
    return page


def asked(page: Page, *, leave: bool) -> list[str]:
    """Answer what the browser asks before it leaves a page, and return what was asked."""
    heard: list[str] = []

    def answer(dialog: Dialog) -> None:
        heard.append(dialog.type)
        (dialog.accept if leave else dialog.dismiss)()

    page.on("dialog", answer)
    return heard


def test_another_language_keeps_what_was_typed(at_desk: Callable[..., Page]) -> None:
    page = written(at_desk())
    heard = asked(page, leave=False)
    page.locator("button[lang=et]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Uus arve")
    expect(page.locator("#name")).to_have_value("Põhjatäht OÜ")
    expect(page.locator("#line-1-description")).to_have_value("Half of it")
    expect(page.locator("#totals")).to_contain_text("62,00")
    with page.expect_event("dialog"):
        page.locator("nav a[href='/refunds']").click()
    expect(page.locator("#name")).to_have_value("Põhjatäht OÜ")
    assert heard == ["beforeunload"]  # by now it is typed and not sent again


@pytest.mark.slow
def test_another_theme_changes_nothing_else_and_is_remembered(at_desk: Callable[..., Page]) -> None:
    page = written(at_desk())
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#line-1-description")).to_have_value("Half of it")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.slow
def test_a_page_that_came_back_with_what_was_sent_asks_before_it_is_left(at_desk: Callable[..., Page]) -> None:
    page = written(at_desk())
    page.get_by_role("button", name="One more line").click()
    expect(page.locator("#line-2-description")).to_be_focused()
    heard = asked(page, leave=False)
    for other in (page.locator("button[lang=ru]"), page.get_by_role("link", name="Refunds")):
        with page.expect_event("dialog"):
            other.click()
    expect(page.locator("#line-1-description")).to_have_value("Half of it")
    assert heard == ["beforeunload", "beforeunload"]


@pytest.mark.slow
def test_nothing_is_asked_where_nothing_was_typed_or_all_was_sent(at_desk: Callable[..., Page]) -> None:
    page = at_desk()
    heard = asked(page, leave=True)
    page.goto("/drafts/new")
    page.get_by_role("link", name="Refunds").click()
    written(page)
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_url(re.compile(r"/drafts/\d+$"))
    expect(page.locator("#line-1-description")).to_have_value("Half of it")
    page.get_by_role("link", name="Refunds").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refunds")
    assert heard == []


@pytest.mark.slow
def test_another_language_keeps_what_was_chosen(at_desk: Callable[..., Page]) -> None:
    page = at_desk()
    page.goto("/people/new?lang=en")
    page.locator("input[name=role][value=finance]").check()
    page.locator("[name=name]").fill("Jaan Kask")
    page.locator("button[lang=ru]").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator("[name=name]")).to_have_value("Jaan Kask")
    expect(page.locator("input[name=role][value=finance]")).to_be_checked()


@pytest.mark.slow
def test_a_form_that_was_sent_and_leads_on_asks_nothing(at_desk: Callable[..., Page]) -> None:
    page = at_desk()
    heard = asked(page, leave=True)
    page.goto("/references/new?lang=en")
    page.get_by_label("Owner").fill("Põhjatäht OÜ")
    page.get_by_label("Service").select_option("registry")
    page.get_by_role("button", name="Make the number").click()
    page.wait_for_url(re.compile(r"/references/\d+$"))
    assert heard == []


def test_a_dialog_that_is_closed_keeps_what_was_typed_for_the_same_link_alone(
    desk: Desk, at_desk: Callable[..., Page]
) -> None:
    first, second = (desk.system.settle(amount="90.00")[0] for _ in range(2))
    page = at_desk()
    page.goto(f"/invoices/{first}")
    dialog = page.get_by_role("dialog")
    reason, amount = dialog.locator("[name=reason]"), dialog.locator("[name=amount]")
    link = page.locator("a[data-key=r]")
    link.click()
    amount.fill("12.50")
    reason.fill("asked by phone, half of the year")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()
    link.click()
    expect(reason).to_have_value("asked by phone, half of the year")
    expect(amount).to_have_value("12.50")
    page.goto(f"/invoices/{second}")
    link.click()
    expect(reason).to_have_value("")
    expect(amount).to_have_value("90.00")
