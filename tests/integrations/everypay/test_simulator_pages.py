"""The payer's pages of the simulated gateway: strict links, parts of a refund, and nothing that runs over the edge."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.integrations.everypay.simulator import create_simulator
from app.integrations.everypay.simulator_shop import EveryPayConfig
from app.integrations.everypay.wire import STATES
from tests.integrations.everypay.test_simulator import look, made, paid, post, script, signed
from tests.integrations.live import served

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser
    from werkzeug.test import TestResponse

# eis.md A.3
KEY = "test-key"
QUERY = (
    "custom_field_1=Order%20nr.%20150005&custom_field_2=registry&customer_email=john%40example.com"
    "&customer_name=J%C3%BCri%20Tamm%20%2B%20Co&invoice_number=150005&linkpay_token=tok123&order_reference=150005"
    "&reference_number=7366488&transaction_amount=100.5"
)
HMAC = "138e4441a32d8542924ae1c5a7a76827580fd04bf9cae7a591bbfbaead006382"


@pytest.fixture
def app() -> Flask:
    return create_simulator(EveryPayConfig(base_url="http://e.test", callback_url="", key=KEY, linkpay_token="tok123"))


@pytest.fixture
def shop() -> Flask:
    return create_simulator(EveryPayConfig(base_url="http://e.test", callback_url=""))


def follow(app: Flask, query: str, signature: str = "") -> TestResponse:
    signature = signature or hmac.new(KEY.encode(), query.encode(), hashlib.sha256).hexdigest()
    return app.test_client().get(f"/lp?{query}&hmac={signature}")


def test_the_known_link_is_followed(app: Flask):
    assert follow(app, QUERY, HMAC).status_code == 303
    (payment,) = look(app, "payments")
    assert payment["initial_amount"] == "100.50"
    assert payment["linkpay_customer_data"]["customer_name"] == "Jüri Tamm + Co"


def without(name: str) -> str:
    return "&".join(part for part in QUERY.split("&") if not part.startswith(f"{name}="))


def with_(name: str, value: str) -> str:
    return "&".join(f"{name}={value}" if part.startswith(f"{name}=") else part for part in QUERY.split("&"))


@pytest.mark.parametrize("name", [part.partition("=")[0] for part in QUERY.split("&")])
def test_a_link_without_one_of_its_keys_is_refused(app: Flask, name: str):
    refused(app, without(name), "It must have exactly")


@pytest.mark.parametrize("name", [part.partition("=")[0] for part in QUERY.split("&")])
def test_a_key_that_comes_twice_is_refused(app: Flask, name: str):
    parts = sorted([*QUERY.split("&"), f"{name}=1"])
    refused(app, "&".join(parts), "It must have exactly")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (f"{QUERY}&zebra=1", "It must have exactly"),
        ("&".join(reversed(QUERY.split("&"))), "It must have exactly"),
        ("", "It must have exactly"),
        (QUERY.replace("%20", "+"), "Its custom_field_1 is not percent-encoded"),
        (QUERY.replace("%40", "@"), "Its customer_email is not percent-encoded"),
        (QUERY.replace("%2B", "%2b"), "Its customer_name is not percent-encoded"),
        (QUERY.replace("%C3%BC", "%FC"), "Its customer_name is not UTF-8"),
        (QUERY.replace("Tamm", "T%61mm"), "Its customer_name is not percent-encoded"),
        (with_("linkpay_token", "another"), "another shop"),
        (with_("order_reference", ""), "order reference is missing"),
        (with_("order_reference", "%3Cb%3E"), "order reference is missing"),
        *((with_("transaction_amount", text), "amount is missing or not valid") for text in (
            "", "0", "0.00", "-5", "NaN", "Infinity", "1e2", "1.001", "1.", ".5", "9" * 30, "%201", "%D9%A1",
        )),
    ],
)  # fmt: skip
def test_a_link_that_is_not_exactly_right_is_refused_and_says_why(app: Flask, query: str, why: str):
    refused(app, query, why)


@pytest.mark.parametrize("signature", ["0" * 64, HMAC.upper(), HMAC[:-1], HMAC + "0", "x"])
def test_a_link_with_another_signature_is_refused(app: Flask, signature: str):
    answer = follow(app, QUERY, signature)
    assert (answer.status_code, "Its signature is wrong" in answer.text) == (403, True)


def refused(app: Flask, query: str, why: str) -> None:
    answer = follow(app, query)
    assert answer.status_code == 403
    assert why in answer.text
    assert look(app, "payments") == []
    assert script(app, "pay", {"link": str(answer.request.url)}).status_code == 400


def choose(app: Flask, reference: str, **form: str) -> int:
    return app.test_client().post(f"/pay/{reference}", data=form).status_code


def test_a_part_can_be_refunded_on_the_page_and_then_the_rest(shop: Flask):
    reference = paid(shop, amount="10.00")
    assert choose(shop, reference, state="refunded", amount="4.00") == 303
    assert look(shop, "payments")[0]["standing_amount"] == "6.00"
    assert choose(shop, reference, state="refunded", amount="6.01") == 409
    assert choose(shop, reference, state="refunded") == 303
    assert look(shop, "truth")["refunds"] == 2
    assert look(shop, "truth")["refunded"] == "10.00"
    assert choose(shop, reference, state="refunded") == 409


@pytest.mark.parametrize("amount", ["", "0", "-1", "x", "10.01", "1e1"])
def test_what_is_no_part_is_refused(shop: Flask, amount: str):
    reference = paid(shop, amount="10.00")
    assert choose(shop, reference, state="refunded", amount=amount) == 409
    assert look(shop, "truth")["refunds"] == 0


@pytest.mark.parametrize("state", ["refunded", "chargebacked"])
def test_what_was_never_paid_is_not_given_back_on_the_page(shop: Flask, state: str):
    assert choose(shop, made(shop), state=state) == 409


def test_every_state_the_vendor_has_can_be_chosen(shop: Flask):
    """eis.md 9.1.7, both spellings where there are two"""
    page = shop.test_client().get(f"/pay/{paid(shop)}").text
    offered = set(re.findall(r'name="state" value="(\w+)"', page))
    assert offered == {*STATES, "teleported"}
    for nth, state in enumerate(sorted(STATES)):
        reference = paid(shop, order_reference=str(150006 + nth))
        part = {"amount": "1.00"} if state == "partially_refunded" else {}
        assert choose(shop, reference, state=state, **part) == 303
        assert look(shop, "payments")[-1]["payment_state"] == state


def test_other_spellings_move_the_same_money(shop: Flask):
    reference = paid(shop, amount="10.00")
    assert choose(shop, reference, state="partially_refunded", amount="4.00") == 303
    assert choose(shop, reference, state="charged_back") == 303
    assert {name: look(shop, "truth")[name] for name in ("captured", "refunded", "charged_back")} == {
        "captured": "10.00",
        "refunded": "4.00",
        "charged_back": "6.00",
    }
    assert choose(shop, reference, state="refunded") == 409


def test_what_the_shop_does_on_the_page_keeps_the_payers_method(shop: Flask):
    reference = made(shop)
    choose(shop, reference, state="settled", method="bank")
    choose(shop, reference, state="refunded", amount="1.00")
    assert look(shop, "payments")[0]["payment_method"] == "swedbank_ob_ee"
    assert post(shop, "refund", signed(payment_reference=reference, amount="1.00")).status_code == 422


@pytest.mark.browser
def test_a_person_refunds_a_part(shop: Flask, browser: Browser):
    with served(shop) as url:
        page = browser.new_page()
        page.goto(f"{url}/pay/{paid(shop, amount='10.00', customer_url=f'{url}/')}")
        page.get_by_label("A part, in EUR").fill("4.00")
        page.get_by_role("button", name="Refund this part").click()
        page.get_by_role("link", name="150005").click()
        expect(page.get_by_text("6.00 EUR")).to_be_visible()
        page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_nothing_runs_over_the_edge(shop: Flask, browser: Browser, scheme: str, width: int):
    reference = paid(shop, amount="6999999.99", order_reference="Ref:10005, " + ", ".join(["150001"] * 10))
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    page = context.new_page()
    with served(shop) as url:
        for path in ("/", f"/pay/{reference}", "/pay/none", "/lp?a=1"):
            page.goto(f"{url}{path}")
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
        context.close()
