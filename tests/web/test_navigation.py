"""Whoever is on a page sees where it belongs: one tab of one section."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.browser import Browser

ON = {
    "/overview/payers": "Month",
    "/payment_links/new": "Drafts",
    "/invoices/{number}/credit_notes/new": "All invoices",
    "/invoices/{number}": "All invoices",
}


def test_each_page_is_on_one_tab_of_one_section(own_mary: Browser) -> None:
    number = own_mary.portal.system.invoice()
    for path, tab in ON.items():
        html = own_mary.get(path.format(number=number)).text
        bars = [re.search(rf'<nav class="{name}".*?</nav>', html, re.DOTALL) for name in ("tabs", "nav")]
        marked = [re.findall(r"<a [^>]*aria-current[^>]*>(.*?)</a>", bar[0], re.DOTALL) for bar in bars if bar]
        assert [len(each) for each in marked] == [1, 1], path
        assert marked[0][0] == tab, path
