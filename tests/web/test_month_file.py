"""The month as a file for a spreadsheet: the same sums as the page, every payer, and no formula."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import pytest

from app.uow import process_memory
from tests.web.lists import fill

if TYPE_CHECKING:
    from tests.web.browser import Browser


@pytest.mark.parametrize("begin", ["=", " =", "\N{FULLWIDTH EQUALS SIGN}", "\n+"])
def test_the_file_for_a_spreadsheet_has_the_same_sums_and_no_formula(own_mary: Browser, begin: str) -> None:
    system = own_mary.portal.system
    number, _reference = system.settle()
    payer = f'{begin}HYPERLINK("x")'
    system.sql("update invoice set customer_name = :payer where number = :n", n=number, payer=payer)
    answer = own_mary.get("/overview/month.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    table = list(csv.DictReader(io.StringIO(answer.text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}"))))
    assert [row["came_in"] for row in table if row["part"] == "total"] == ["120.00"]
    assert [row["name"] for row in table if row["part"] == "payer"] == [f"'{payer}"]


def test_the_file_has_every_payer_and_the_page_leads_to_it(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 30)
    assert "/overview/month.csv" not in own_mary.get("/overview/payers").text
    system.sql(
        """insert into payment (public_token, invoice_id, initiator_id, method, gateway, account, status, amount_minor,
                                captured_minor, completed_at, external_id)
           select 'every-' || id, id, initiator_id, 'reported', 'service', 'registry', 'completed', total_minor,
                  total_minor, now(), 'every-' || id from invoice"""
    )
    with system.app.app_context():
        process_memory("overview.payers").clear()
    shown = own_mary.page("/overview/payers")
    address = next(link for link in shown.links() if link.startswith("/overview/month.csv"))
    follow = next(link for link in shown.links() if "after=" in link and "lang=" not in link)
    rest = own_mary.fragment(follow).text
    assert rest.lstrip().startswith("<tr>")
    assert "Show 50 more" not in rest
    names = [name for html in (own_mary.get("/overview/payers").text, rest) for name in re.findall(r"Payer \d+", html)]
    assert sorted(names) == sorted(f"Payer {150_005 + nth}" for nth in range(30))
    alone = own_mary.get(follow).text  # without script the rest is a page of its own
    assert "Back to the largest" in alone
    assert len(re.findall(r"Payer \d+", alone)) == 10
    for odd in ("AAAA", "!", "WzEsMl0", "W251bGwsMSwxLDFd"):
        assert "Payer 150005" in own_mary.get(f"/overview/payers?after={odd}").text
    table = list(csv.DictReader(io.StringIO(own_mary.get(address).text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}"))))
    assert [row["came_in"] for row in table if row["part"] == "payer"] == ["120.00"] * 30
