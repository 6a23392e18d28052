"""Work on invoices by the keyboard alone: pick one, see what would happen, say why, and find the result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from app.integrations.initiators.simulator_service import new_invoice
from tests.loopback import LOOPBACK

if TYPE_CHECKING:
    from tests.live import Live

pytestmark = pytest.mark.browser


def test_an_invoice_is_cancelled_without_a_mouse_and_without_doing_it_twice(live: Live, mary: Page) -> None:
    number, _link = live.invoice()
    known = LOOPBACK.put(
        f"{live.endpoints['simulators']['registry']}/_sim/invoices", json=new_invoice(number, "120.00")
    )
    assert known.status_code < 300, known.text
    mary.goto(f"/invoices?q={number}")
    mary.get_by_role("checkbox", name=f"Pick invoice {number}").focus()
    mary.keyboard.press("Space")
    mary.get_by_role("button", name="Cancel…").focus()
    mary.keyboard.press("Enter")
    dialog = mary.get_by_role("dialog")
    expect(dialog).to_contain_text("1 invoice, 120.00")
    expect(dialog).to_contain_text("is asked to cancel first; only what it accepts is cancelled here")
    dialog.get_by_role("button", name="Cancel them: 1").focus()
    mary.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_be_focused()
    expect(dialog.get_by_role("alert")).to_contain_text("Say why")
    dialog.get_by_label("Reason").focus()
    mary.keyboard.type("Ordered by mistake")
    mary.keyboard.press("Enter")
    expect(mary).to_have_url(re.compile(r"/tasks/\d+$"))
    expect(mary.locator("main")).to_contain_text("1 invoice is done.")
    mary.get_by_role("link", name=number, exact=True).press("Enter")
    expect(mary.locator(".trail")).to_contain_text("Invoice cancelled")
    expect(mary.locator(".trail")).to_contain_text("Ordered by mistake")
    mary.go_back()
    mary.reload()
    expect(mary.locator("main")).to_contain_text("1 invoice is done.")


def test_an_export_waits_for_whoever_left_the_page(mary: Page) -> None:
    mary.goto("/invoices")
    mary.get_by_role("button", name="Export…").press("Enter")
    mary.get_by_role("dialog").get_by_role("button", name="Export").press("Enter")
    expect(mary).to_have_url(re.compile(r"/tasks/\d+$"))
    mary.goto("/")
    mary.goto("/tasks")
    mary.get_by_role("link", name="Export of invoices").first.press("Enter")
    expect(mary.locator("main")).to_contain_text("in the file.")
    with mary.expect_download() as download:
        mary.get_by_role("link", name="Download").press("Enter")
    assert re.fullmatch(r"invoices-[\d-]+\.xlsx", download.value.suggested_filename)
