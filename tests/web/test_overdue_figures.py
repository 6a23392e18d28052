"""What is overdue on the first page: its figure and its bars, each opening exactly its rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.web.lists import fill
from tests.web.page import Page
from tests.web.test_overview import euros, figure, rows

if TYPE_CHECKING:
    from tests.web.browser import Browser


def test_overdue_is_what_is_past_its_day_whatever_was_tried_or_paid_in_part(own_mary: Browser) -> None:
    system = own_mary.portal.system
    late = {"overdue": 1, "charged_with_error": 2, "pending": 3, "unpaid": 4}
    for nth, (status, many) in enumerate(late.items()):
        fill(system, 2 * many, first=160_000 + 100 * nth, status=status)
    system.sql("update invoice set due_on = current_date - 3 where number % 2 = 0")
    system.sql("update invoice set due_on = current_date + 3 where number % 4 = 1 and status <> 'overdue'")
    system.sql("update invoice set overdue_at = now() where number = 160101")  # its service said so, by no day
    for address in (figure_more(own_mary), "/invoices?due=late"):
        found = rows(own_mary, address)
        assert len(found) == 2 + 2 + 1 + 3 + 4, address
    assert "20 invoices, 12 overdue" in " ".join(figure(own_mary, "/overview", "Unpaid")[0].split()).replace(" ,", ",")
    assert len(rows(own_mary, "/invoices?due=in_time")) == 8
    table = re.search(r"Unpaid and overdue by age.*?</table>", own_mary.get("/overview").text, re.DOTALL)
    assert table
    cells = re.findall(r'<a href="(/invoices[^"]+)">([^<]+)</a>', table[0])
    counts = {said: len(rows(own_mary, link.replace("&amp;", "&"))) for link, said in cells}
    assert sorted(filter(None, counts.values())) == [8, 12, 20]
    assert all(euros(said) == [many * 12_000] for said, many in counts.items()), counts


def figure_more(browser: Browser) -> str:
    """Return where the part of the figure of what is unpaid leads to that is overdue."""
    return next(
        link for link in Page(browser.get("/overview").text).links() if "due=late" in link and "from" not in link
    )
