"""What is typed is taken whole or refused by name and limit, and then shown again whole: never cut without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.desks import value
from tests.web.page import Page

if TYPE_CHECKING:
    from tests.web.browser import Browser

LONG = "Kõne 12. mail. " * 140  # 2,100 characters
DRAFT = {
    "service": "auction", "name": "Mets OÜ", "rows": "1", "line-1-description": "Domain", "line-1-quantity": "1",
    "line-1-unit": "", "line-1-price": "50.00", "line-1-vat": "standard", "line-1-discount": "",
}  # fmt: skip


@pytest.mark.parametrize("do", ["save", "add"])
def test_long_notes_of_a_draft_are_refused_or_kept_whole(mary: Browser, do: str) -> None:
    answer = mary.post("/drafts", DRAFT | {"key": f"key-of-long-notes-{do}", "do": do, "internal_notes": LONG})
    assert LONG.strip() in answer.text.replace("&#39;", "'")
    if do == "save":
        assert answer.status_code == 422
        assert "Internal notes: At most 2000 characters" in Page(answer.text).text("li")


def test_long_notes_of_an_invoice_are_refused_and_shown_again_whole(mary: Browser) -> None:
    number = mary.portal.system.invoice()
    shown = mary.get(f"/invoices/{number}/edits/new").text
    sent = {name: value(shown, name) for name in ("description", "seen_description", "seen_notes")}
    answer = mary.post(f"/invoices/{number}/edits", sent | {"internal_notes": LONG, "reason": "the payer called"})
    assert answer.status_code == 422
    assert "Internal notes: At most 2000 characters" in Page(answer.text).text("li")
    assert LONG in answer.text
    assert mary.portal.system.scalar("select internal_notes from invoice where number = :n", n=number) == ""


def test_a_long_reason_is_refused_with_its_limit_and_shown_again_whole(mary: Browser) -> None:
    number = mary.portal.system.invoice()
    shown = mary.get(f"/invoices/{number}/edits/new").text
    sent = {name: value(shown, name) for name in ("description", "seen_description", "seen_notes")}
    answer = mary.post(f"/invoices/{number}/edits", sent | {"internal_notes": "", "reason": LONG})
    assert answer.status_code == 422
    assert "in 3 to 500 characters" in answer.text
    assert LONG.strip() in answer.text
