"""What `billing seed` writes is shown by the portal like anything else: in the list, found, each page whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.demo import seed
from app.demo.seed_endings import SHOWCASE
from tests.web.lists import more, numbers
from tests.web.page import Page

if TYPE_CHECKING:
    from tests.web.browser import Browser

INVOICES = 60


@pytest.mark.slow
def test_the_portal_lists_seeded_invoices_and_tells_the_story_of_each_status(own_mary: Browser) -> None:
    system = own_mary.portal.system
    with system.app.app_context():
        said = seed.fill(INVOICES)
    assert f"{INVOICES} invoices with " in said
    path: str | None = "/invoices"
    listed: list[int] = []
    while path:
        html = own_mary.get(path).text
        listed += numbers(html)
        path = more(html)
    assert sorted(listed) == list(range(seed.FIRST_NUMBER, seed.FIRST_NUMBER + INVOICES))
    for number in sorted(listed)[-len(SHOWCASE) :]:
        page = Page(own_mary.get(f"/invoices/{number}").text)
        assert str(number) in page.text("h1")
    payer = system.scalar("select customer_email from invoice where number = :number", number=listed[0])
    assert listed[0] in numbers(own_mary.get(f"/invoices?q={payer}").text)
