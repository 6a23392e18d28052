"""Services are called by their names wherever people read of them: in lists, on the trail, in what is exported."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from app.web.service_names import called, choices
from app.web.translation import speaking
from app.web.words import account

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

NAMES = {"en": "Domain registry", "et": "Domeeniregister", "ru": "Реестр доменов"}
LISTS = [
    "/invoices", "/overview", "/overview/month", "/overview/movements", "/references", "/refunds", "/deliveries",
]  # fmt: skip


@pytest.fixture
def number(portal: Portal) -> int:
    number, _reference = portal.system.settle("eeid", "12.00")
    portal.system.settle("registry", "12.00")
    return number


@pytest.mark.parametrize("lang", NAMES)
@pytest.mark.parametrize("path", LISTS)
def test_no_list_shows_a_code(mary: Browser, number: int, path: str, lang: str) -> None:
    page = mary.get(f"{path}?lang={lang}").text
    mary.get("/?lang=en")
    assert number
    assert NAMES[lang] in page
    shown = {" ".join(each.split()) for each in re.findall(r">([^<]+)<", page)}
    assert shown & {"registry", "auction", "eeid", "business_registry", "billing_system"} == set()


def test_the_trail_calls_a_service_by_its_name(mary: Browser, number: int) -> None:
    trail = mary.get(f"/invoices/{number}").text
    assert "eeID was told" in trail
    assert "asked by eeID" in trail
    assert "Receivables, eeID" in trail
    assert "Eeid" not in trail


def test_a_name_that_is_a_customers_own_stays_and_a_code_nobody_has_is_shown(portal: Portal) -> None:
    portal.system.sql(
        "insert into initiator (tenant_id, code, name) values (1, 'raamatud', 'Raamatupood') on conflict do nothing"
    )
    with portal.system.app.test_request_context(), speaking("et"):
        assert called("raamatud") == "Raamatupood"
        assert called("nobody") == "nobody"
        assert called("registry") == "Domeeniregister"
        assert choices(["registry", "eeid", "auction"]) == sorted(
            [("registry", "Domeeniregister"), ("auction", called("auction")), ("eeid", "eeID")],
            key=lambda each: each[1].casefold(),
        )
        assert account("receivables:registry").endswith("Domeeniregister")
        assert account("clearing:everypay").endswith("EveryPay")
    with portal.system.app.test_request_context(), speaking("en"):
        assert account("clearing:bank") == "Bank clearing"


def test_a_workbook_has_the_name_that_is_on_screen(mary: Browser, number: int) -> None:
    answer = mary.post("/invoices/exports", {"format": "csv;", "key": f"service-names-{number}", "number": str(number)})
    assert ";eeID;" in answer.text
    assert ";eeid;" not in answer.text
