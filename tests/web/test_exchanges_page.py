"""What was said about an invoice, word for word, for whoever has to look closer (issue 2, item 3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browser import Browser


def test_raw_exchanges_are_shown_whole_but_without_people_and_secrets(mary: Browser) -> None:
    system = mary.portal.system
    number, reference = system.settle()
    about = "email=mari@example.test&hmac=tellnobody&note=60001019906+EE382200221020145685+<b>"
    path = "/api/v1/callback_handler/callback"
    system.app.test_client().get(f"{path}?payment_reference={reference}&{about}")
    page = mary.page(f"/invoices/{number}/exchanges")
    text = page.text("pre")
    assert '"payment_state": "settled"' in text
    assert '"initial_amount": 120.00' in text
    assert '"message": "Payment is proccessing"' in text
    for hidden in ("mari@", "tellnobody", "60001019906", "EE382200221020145685"):
        assert hidden not in text
    assert "<b>" in text


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["EveryPay called: State changed", "What the gateway said was taken over", "settled", "Payment notice"]),
        ("et", ["EveryPay teatas: Seis muutus", "laekunud"]),
        ("ru", ["EveryPay сообщает: Состояние изменилось", "зачислено"]),
    ],
)
def test_raw_exchanges_are_headed_by_words_not_by_codes(mary: Browser, lang: str, words: list[str]) -> None:
    system = mary.portal.system
    number, reference = system.settle()
    system.callback(reference)
    system.drain()
    heads = mary.page(f"/invoices/{number}/exchanges?lang={lang}").text("summary")
    for each in words:
        assert each in heads
    assert re.search(r"[a-z]+_[a-z]+|\bapply\b|\bsame\b", heads) is None


def test_an_invoice_nobody_spoke_about_has_no_exchanges(mary: Browser) -> None:
    number = mary.portal.system.invoice()
    assert "Nothing was said yet" in mary.page(f"/invoices/{number}/exchanges").text("h2")
