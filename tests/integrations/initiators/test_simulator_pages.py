"""The services' pages: a person makes an invoice, pays it by its number, and reads it all on a small screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect as shown

from tests.integrations.initiators.test_simulator import expect, look, service
from tests.integrations.live import served
from tests.integrations.sockets import Server, closed_port, http, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NUMBER = http(b'{"invoice_number": 150005}', status="201 Created")
LINK = http(b'{"everypay_link": "http://e.test/lp?x=1"}', status="201 Created")
PAGE = http(b'{"oneoff_redirect_link": "http://e.test/pay/1"}', status="201 Created")


def test_an_invoice_is_the_service_s_own_before_billing_has_it():
    with Server(say(NUMBER), say(http(b"no", status="500 Oops"))) as billing:
        app = service("registry", billing.url)
        assert app.test_client().post("/new", data={"amount": "12.00"}).status_code == 502
    assert [(each["number"], each["total"]) for each in look(app, "invoices")] == [(150005, "12.00")]


def test_a_made_invoice_has_its_link():
    with Server(say(NUMBER), say(LINK)) as billing:
        app = service("registry", billing.url)
        assert app.test_client().post("/new", data={"amount": "12.00"}).status_code == 303
    assert look(app, "invoices")[0]["link"] == "http://e.test/lp?x=1"


def test_a_registrar_pays_by_number():
    with Server(say(PAGE)) as billing:
        app = service("registrar", billing.url)
        assert 'name="number"' in app.test_client().get("/").text
        answer = app.test_client().post("/pay_now", data={"number": " 150005 "})
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://e.test/pay/1")


@pytest.mark.parametrize("number", ["", "x", "١٥", "15 00", "-1"])
def test_what_is_no_number_is_said_at_once(number: str):
    app = service("registrar", f"http://127.0.0.1:{closed_port()}")
    assert app.test_client().post("/pay_now", data={"number": number}).status_code == 400


@pytest.mark.parametrize("amount", ["", "x", "-1", "1e400", "NaN", "1.001"])
def test_what_is_no_amount_is_said_at_once(amount: str):
    app = service("registry", f"http://127.0.0.1:{closed_port()}")
    assert app.test_client().post("/new", data={"amount": amount}).status_code == 400
    assert look(app, "invoices") == []


@pytest.mark.parametrize(
    "answer",
    [b"garbage\r\n", b"", http(b"<html>", status="201 Created"), http(b"[]", status="201 Created"), http(b"{}"),
     http(b"\xff", status="500 Oops"), http(b"{}", status="abc")],
)  # fmt: skip
def test_whatever_billing_answers_is_shown_and_breaks_nothing(answer: bytes):
    for path, form in (("/new", {"amount": "1.00"}), ("/pay_now", {"number": "1"})):
        with Server(say(answer)) as billing:
            assert service("registry", billing.url).test_client().post(path, data=form).status_code == 502
    with Server(say(answer)) as billing:
        assert service("registry", billing.url).test_client().get("/back?payment_reference=1").status_code == 200


def test_who_comes_back_sees_what_billing_said():
    with Server(say(http(b"{}", status="404 Not Found"))) as billing:
        answer = service("registrar", billing.url).test_client().get("/back?payment_reference=1")
    assert "It answered 404." in answer.text


@pytest.mark.browser
def test_a_person_pays_by_number_in_the_portal(browser: Browser):
    with served(service("registry")) as gateway:
        paid = http(b'{"oneoff_redirect_link": "%s/"}' % gateway.encode(), status="201 Created")
        with Server(say(paid)) as billing, served(service("registrar", billing.url)) as url:
            page = browser.new_page()
            page.goto(url)
            page.get_by_label("Number of the invoice").fill("150005")
            page.get_by_role("button", name="Pay this invoice").click()
            shown(page.get_by_role("heading", name="Create an invoice")).to_be_visible()
            page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("kind", ["registry", "registrar"])
def test_nothing_runs_over_the_edge(browser: Browser, kind: str, scheme: str, width: int):
    app = service(kind)
    for number in ("150005", "1500050000000", "150006"):
        expect(app, number, total="999999999.00")
        invoice = app.extensions["service"].invoice(number)
        app.extensions["service"].save(invoice | {"link": "http://e.test/lp?" + "x" * 500})
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    page = context.new_page()
    with served(app) as url:
        page.goto(url)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        context.close()
