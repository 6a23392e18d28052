"""An import under way, watched: the page says how far it is without being asked, and is quiet once it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.web.test_imports import begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_page_follows_an_import_to_its_end_and_asks_no_more(desk: Desk, at_desk: Callable[..., Page]) -> None:
    batch = begun(desk.portal, rows_read=12_000)
    page = at_desk()
    page.goto(f"/imports/{batch}")
    expect(page.locator("#progress")).to_contain_text("Step 1 of 7. Its rows are read. Rows read: 12")
    desk.system.sql("update import_progress set phase = 'proving' where batch_id = :b", b=batch)
    expect(page.locator("#progress")).to_contain_text("Step 6 of 7. The database checks every sum.")
    counts = """'{"added": 0, "skipped": {"is registered already": 2}}'"""
    desk.system.sql(f"update import_batch set finished_at = now(), counts = {counts} where id = :b", b=batch)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Done")
    expect(page.locator("main")).to_contain_text("2 rows were left out")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3000)
    assert asked == []


def test_a_page_goes_on_asking_after_a_look_that_failed(desk: Desk, at_desk: Callable[..., Page]) -> None:
    batch = begun(desk.portal)
    page = at_desk()
    page.clock.install()
    page.goto(f"/imports/{batch}")
    page.route("**/progress?*", lambda route: route.fulfill(status=503, body="away"), times=1)
    with page.expect_response("**/progress?*"):
        page.clock.run_for(1500)
    desk.system.sql("update import_progress set phase = 'closing' where batch_id = :b", b=batch)
    page.clock.run_for(10_000)
    expect(page.locator("#progress")).to_contain_text("Step 7 of 7.")
