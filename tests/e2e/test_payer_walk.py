"""A payer pays in a real browser, by card and by bank, and the service hears of it once: the whole money path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live import Live

pytestmark = pytest.mark.browser


def one_off(live: Live, number: str) -> str:
    """Ask for a page to pay an invoice on, as the registrar portal does."""
    back = f"{live.endpoints['simulators']['registrar']}/back"
    answer = live.call("/invoice_generator/oneoff", {"invoice_number": number, "customer_url": back})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["oneoff_redirect_link"])


def test_a_payer_pays_now_by_card_and_comes_back(live: Live, open_page: Callable[..., Page], mary: Page) -> None:
    number, _ = live.invoice("36.00")
    page = open_page()
    page.goto(one_off(live, number))
    expect(page.get_by_text("36.00 EUR")).to_be_visible()
    page.get_by_role("button", name="Pay by card", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    live.until(lambda: live.received().count(number) == 1)
    trail = mary.get_by_role("list").filter(has_text="Domain registry was told")
    live.until(lambda: bool(mary.goto(f"/invoices/{number}")) and trail.count() > 0)  # heard there, then noted here
    expect(mary.get_by_role("heading", level=1)).to_contain_text("Paid")
    for words in ("Invoice created", "Payment page made", "Callback from EveryPay", "EveryPay says settled", "Settled"):
        expect(trail.get_by_text(words).first).to_be_visible()


def test_a_payer_follows_the_signed_link_and_pays_by_bank(live: Live, open_page: Callable[..., Page]) -> None:
    number, link = live.invoice("24.00")
    page = open_page()
    page.goto(link)
    page.get_by_role("button", name="Pay by bank link", exact=True).click()
    live.until(lambda: live.received().count(number) == 1)
    assert live.received().count(number) == 1


def test_every_state_can_be_chosen_and_only_one_of_them_is_paid(live: Live, open_page: Callable[..., Page]) -> None:
    page = open_page()
    number, _ = live.invoice("12.00")
    page.goto(one_off(live, number))
    names = [each.get_attribute("value") for each in page.get_by_role("button").all()]
    states = {
        "settled", "failed", "abandoned", "waiting_for_sca", "waiting_for_3ds_response", "confirmed_3ds",
        "sent_for_processing", "authorised", "voided", "refunded", "chargebacked", "teleported",
    }  # fmt: skip
    assert states <= set(names)
    page.get_by_role("button", name="Fail by card", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    again = one_off(live, number)
    page.goto(again)
    page.get_by_role("button", name="Pay by card", exact=True).click()
    live.until(lambda: live.received().count(number) == 1)
