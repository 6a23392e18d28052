"""The keys of the portal: a walk by them alone, the page that tells them, and keyboards without Latin letters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e import populated
from tests.e2e.keyboard import asks_for, spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.desk import Desk
    from tests.e2e.keyboard import KeyboardUser

pytestmark = pytest.mark.browser

# Closes the dialog and presses a key at once: the field it held still has the focus. Says whether the page took it.
CLOSE_AND_PRESS = """(said) => {
  document.querySelector("dialog").close();
  const field = document.activeElement;
  return field.closest("dialog") && !field.dispatchEvent(new KeyboardEvent("keydown", said));
}"""


@spoken("et")
def test_the_way_from_the_list_to_an_invoice_to_an_action_and_back_is_keys_alone(
    desk: Desk, sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    payer = f"Kõrgessaare{lang}"  # whoever tells it in another language finds invoices of their own
    numbers = [desk.system.settle(amount=amount)[0] for amount in ("61.00", "62.00", "63.00")]
    desk.system.sql(
        "update invoice set customer_name = :payer || ' ' || number where number = any(:n)", payer=payer, n=numbers
    )
    populated.index(desk.system)
    user = sit_down(lang, path="/invoices")
    user.press("/")
    user.write(payer.lower())
    user.page.wait_for_url(asks_for(payer.lower()))
    rows = user.page.locator("[data-rows] a[data-row]")
    expect(rows).to_have_count(3)
    heading = user.page.get_by_role("columnheader", name=user.say("Payer"))
    for state, order in (("ascending", numbers), ("descending", numbers[::-1])):
        with user.page.expect_navigation():
            user.follow(user.say("Payer"), within=heading)
        expect(heading).to_have_attribute("aria-sort", state)
        expect(rows).to_have_text([str(each) for each in order])
    user.press("/", "ArrowDown", "ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    user.press("Enter")
    user.is_at(str(numbers[1]))
    user.press("r")
    dialog = user.dialog()
    user.press("Escape")
    expect(dialog).to_be_hidden()
    user.press("r")
    user.field("Amount to give back", "62,00", within=user.dialog())
    user.field("Reason", "tellija palvel", within=dialog)
    user.press("Enter")
    user.page.wait_for_url(re.compile(r"/refunds/\d+$"))
    expect(user.page.locator(".trail")).to_contain_text("tellija palvel")
    user.page.go_back()
    user.is_at(str(numbers[1]))
    user.page.go_back()
    expect(user.page.locator("input[type=search]")).to_have_value(payer.lower())
    expect(heading).to_have_attribute("aria-sort", "descending")


@spoken("en")
def test_a_key_pressed_while_the_dialog_closes_goes_to_the_page_and_sends_no_form(
    desk: Desk, sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    number, _reference = desk.system.settle()
    user = sit_down(lang, path=f"/invoices/{number}")
    for key, code in (("Enter", "Enter"), ("r", "KeyR")):
        user.page.reload()
        user.press("r")
        user.dialog()
        assert user.page.evaluate(CLOSE_AND_PRESS, {"key": key, "code": code, "bubbles": True, "cancelable": True})
        expect(user.page.get_by_role("dialog")).to_be_visible(visible=key == "r")


@pytest.mark.slow
@spoken("et", "ru")
def test_the_keys_are_told_on_a_page_that_a_key_opens_and_work_on_a_keyboard_without_latin_letters(
    desk: Desk, sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    number, _reference = desk.system.settle()
    user = sit_down(lang, path=f"/invoices/{number}")
    carried = user.page.locator("[data-key]").evaluate_all("all => all.map((each) => each.dataset.key.toUpperCase())")
    user.press("?")
    user.page.wait_for_url(re.compile("/sessions#keys$"))
    keys = user.page.get_by_role("table", name=user.say("What each key does"))
    expect(keys).to_contain_text(user.say("On an invoice: give money back"))
    assert (user.say("Go to the search") == "Go to the search") is (lang == "en")
    told = keys.locator("tbody kbd").all_text_contents()
    assert {*carried, "/", "N", "Enter"} <= {*told}
    user.page.go_back()
    user.is_at(str(number))
    # What a Russian layout says when the key R is pressed.
    pressed = {"key": "\N{CYRILLIC SMALL LETTER KA}", "code": "KeyR", "bubbles": True}
    user.page.evaluate("(said) => document.body.dispatchEvent(new KeyboardEvent('keydown', said))", pressed)
    expect(user.page.get_by_role("dialog").get_by_label(user.say("Amount to give back"))).to_be_focused()
