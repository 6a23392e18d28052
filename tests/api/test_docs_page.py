"""The page of the API in a real browser: drawn under our content security policy, without any other host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.client import bearer
from tests.sockets import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.api.client import Api

pytestmark = pytest.mark.browser


@pytest.fixture
def address(own_api: Api) -> Iterator[str]:
    with listening(own_api.system.app) as server:
        yield f"http://127.0.0.1:{server.port}"


def test_the_page_is_drawn_within_the_policy(address: str, page: Page) -> None:
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(f"{address}/api/docs")
    page.get_by_text("/api/v1/invoice_generator/oneoff").wait_for()
    page.locator(".opblock-summary-control").first.click()
    page.get_by_text("Register an invoice and get its payment link").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == "EIS Billing API"
    assert not complaints
    assert hosts == {address.removeprefix("http://")}


@pytest.mark.slow
def test_a_call_can_be_tried_from_the_page(address: str, page: Page) -> None:
    page.goto(f"{address}/api/docs")
    page.get_by_role("button", name="Authorize").first.click()
    page.locator("input[type=text], input[type=password]").first.fill(bearer().removeprefix("Bearer "))
    page.locator(".modal-ux button[type=submit]").click()
    page.locator(".modal-ux .btn-done").click()
    operation = page.locator("#operations-Invoices-post_api_v1_invoice_generator_invoice_number_generator")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    operation.locator(".live-responses-table").get_by_text("Number created").first.wait_for()
