"""What nobody has paid is called the same in the list, its filter, the page of the invoice and the export."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browser import Browser

CALLED = {"en": "Not paid yet", "et": "Veel maksmata", "ru": "Ещё не оплачено"}


@pytest.mark.parametrize("lang", CALLED)
def test_what_nobody_has_paid_has_one_name(own_mary: Browser, lang: str) -> None:
    number = own_mary.portal.system.invoice()
    listed = own_mary.page(f"/invoices?lang={lang}")
    assert CALLED[lang] in listed.text("td")
    assert CALLED[lang] in listed.text("label")
    assert CALLED[lang] in own_mary.page(f"/invoices/{number}").text("h1")
    assert own_mary.page(f"/invoices/{number}").text("main").count(CALLED[lang]) == 2, "beside the number, and why"
    answer = own_mary.post("/invoices/exports", {"format": "csv,", "key": "k" * 20})
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert CALLED[lang] in rows[0].values()
