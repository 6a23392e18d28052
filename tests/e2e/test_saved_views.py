"""A list is kept under a name, opened, taken away and brought back, all by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_view_is_kept_and_brought_back_by_keyboard(desk: Desk, at_desk: Callable[..., Page]) -> None:
    desk.system.invoice(customer_name="Orav OÜ")
    mary = at_desk()
    mary.goto("/invoices")
    keys = mary.keyboard
    keys.press("/")
    keys.type("o")
    new = mary.get_by_role("link", name="Save this view…")
    expect(new).to_be_visible()
    new.focus()
    keys.press("Enter")
    dialog = mary.get_by_role("dialog")
    dialog.get_by_label("Name").fill("What I look at")
    keys.press("Enter")
    view = mary.get_by_role("link", name="What I look at", exact=True)
    expect(view).to_have_attribute("aria-current", "page")
    mary.goto("/invoices")
    view.focus()
    keys.press("Enter")
    expect(mary.get_by_role("searchbox")).to_have_value("o")
    mary.get_by_role("link", name="Change… What I look at").press("Enter")
    dialog.get_by_role("button", name="Take away").press("Enter")
    expect(view).to_have_count(0)
    mary.get_by_role("button", name="Undo").press("Enter")
    expect(view).to_be_visible()
