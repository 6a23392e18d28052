"""POST invoice_generator/oneoff (eis.md 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from app.integrations.breaker import Breaker
from app.integrations.fault_dial import Fault
from app.web import limits
from tests.api.client import AMOUNT, BACK, ONEOFF, REGISTER, STATUS, error_of, only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from tests.api.client import Api

ADMINISTRATOR = "Internal error: called invoice withour number. Please contact to administrator"


@pytest.fixture(autouse=True)
def _calm_gateway(api: Api) -> Iterator[None]:
    yield
    api.system.shop.dial.turn([])
    api.system.app.extensions["integrations"].everypay._caller.breaker = Breaker()


def pay(api: Api, number: Any, code: str = "registry", **more: Any) -> TestResponse:
    return api.send(ONEOFF, {"invoice_number": number, "customer_url": BACK[code], **more}, code=code)


def spoil(api: Api, kind: str, **more: Any) -> None:
    api.system.shop.dial.turn([Fault("create", kind, times=10, **more)])


@pytest.mark.parametrize("code", ["registry", "auction", "eeid"])
@pytest.mark.parametrize("kind", [int, str])
def test_an_invoice_gets_its_payment_page(api: Api, code: str, kind: type) -> None:
    response = pay(api, kind(api.system.invoice(code)), code, reference_number=None, amount=None)
    assert response.status_code == 201
    assert set(response.json) == {"message", "oneoff_redirect_link"}  # type: ignore[arg-type]
    assert response.json["message"] == "Link created"  # type: ignore[index]
    assert response.json["oneoff_redirect_link"].startswith("http://everypay.test/pay/")  # type: ignore[index]


def test_the_gateway_is_asked_for_the_whole_amount_under_the_invoice_s_number(api: Api) -> None:
    number = api.system.invoice(amount="99.90")
    pay(api, number, reference_number="2144032", amount=99.9)
    made = api.system.shop.by_order(str(number))
    assert made is not None
    assert (made["initial_amount"], made["customer_url"]) == ("99.90", BACK["registry"])


@pytest.mark.parametrize("body", [{}, {"invoice_number": None}, {"customer_url": "http://registrar.test/x"}])
def test_without_a_number_the_administrator_is_called(api: Api, body: dict[str, Any]) -> None:
    response = api.send(ONEOFF, body)
    assert response.status_code == 422
    assert error_of(response) == {"message": ADMINISTRATOR, "invoice_number": ["is missing"]}


def test_an_unknown_number_is_named(api: Api) -> None:
    response = pay(api, 123)
    assert response.status_code == 422
    assert error_of(response) == {"message": "Invoice with 123 not found in internal system"}


def test_a_foreign_invoice_looks_exactly_like_an_unknown_one(api: Api) -> None:
    number = api.system.invoice("auction")
    foreign = pay(api, number)
    assert foreign.status_code == 422
    assert error_of(foreign) == {"message": f"Invoice with {number} not found in internal system"}


def test_customer_url_is_missing(api: Api) -> None:
    assert only(api.send(ONEOFF, {"invoice_number": api.system.invoice()})) == {"customer_url": ["is missing"]}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (None, "must be filled"),
        ("", "must be filled"),
        ("  ", "must be filled"),
        ([], "must be a string"),
        ({"a": 1}, "must be a string"),
        (True, "must be a string"),
        (5, "this url not supported"),
    ],
)
def test_customer_url_is_filled_text(api: Api, value: Any, fault: str) -> None:
    response = api.send(ONEOFF, {"invoice_number": api.system.invoice(), "customer_url": value})
    assert only(response) == {"customer_url": [fault]}


BYPASSES = [
    "https://a",
    "https://re/",
    "http://registrar.test.evil.example/",
    "http://evil.example/http://registrar.test",
    "http://registrar.test@evil.example/",
    "http://user:pw@registrar.test/",
    "http://evil.example#@registrar.test/",
    "http://evil.example\\@registrar.test/",
    "http:\\\\registrar.test\\x",
    "http://registrar.test:81/",
    "http://registrar.test:80@evil.example/",
    "http://registrar.test%2eevil.example/",
    "http://registrar.test%00.evil.example/",
    "http://registrar.test.:80/",
    "http://registrar。test/",
    "http://ｒegistrar.test/",
    "http://REGISTRAR.TEST.evil/",
    "https://registrar.test/",
    "ftp://registrar.test/",
    "javascript:alert(1)",
    "javascript://registrar.test/%0aalert(1)",
    "data:text/html,x",
    "//registrar.test/x",
    "/x",
    "registrar.test/x",
    "evil.example/x",
    "://registrar.test",
    "http:///x",
    "http://",
    "http:registrar.test",
    "http:/registrar.test",
    "http://[::1]/",
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://registrar.test:99999/",
    "http://registrar.test:x/",
    "http://regis\ttrar.test/",
    "\thttp://registrar.test/",
    " http://registrar.test/",
    "http://registrar.test/\r\nSet-Cookie: x",
    "http://xn--registrar-.test/",
    "http://registrar.test\u200b/",
]


@pytest.mark.parametrize("url", BYPASSES)
def test_only_a_registered_origin_may_get_the_payer_back(api: Api, url: str) -> None:
    payments = api.count("payment")
    response = api.send(ONEOFF, {"invoice_number": api.system.invoice(), "customer_url": url})
    assert only(response) == {"customer_url": ["this url not supported"]}
    assert api.count("payment") == payments


@pytest.mark.parametrize(
    "url", ["http://registrar.test", "http://registrar.test:80/a?b=c#d", "HTTP://Registrar.Test/x"]
)
def test_every_spelling_of_a_registered_origin_is_accepted(api: Api, url: str) -> None:
    assert api.send(ONEOFF, {"invoice_number": api.system.invoice(), "customer_url": url}).status_code == 201


@pytest.mark.parametrize("value", ["0", 0, "0.00", "120.01", 500])
def test_an_amount_lies_above_zero_and_within_what_is_due(api: Api, value: Any) -> None:
    assert set(only(pay(api, api.system.invoice(), amount=value))) == {"amount"}


@pytest.mark.parametrize("value", ["x", "-1", "1e2", [], {}, True])
def test_an_amount_is_an_amount(api: Api, value: Any) -> None:
    assert set(only(pay(api, api.system.invoice(), amount=value))) == {"amount"}


@pytest.mark.parametrize("field", ["invoice_number", "reference_number", "amount"])
@pytest.mark.parametrize("value", [["1"], {"a": "1"}])
def test_a_list_for_a_value_is_refused_by_name(api: Api, field: str, value: Any) -> None:
    body = {"invoice_number": api.system.invoice(), "customer_url": BACK["registry"], field: value}
    assert set(only(api.send(ONEOFF, body))) == {field}


def test_an_overdue_invoice_can_still_be_paid(api: Api) -> None:
    number = api.system.invoice()
    api.send(STATUS, {"invoice_number": number, "status": "overdue"})
    assert pay(api, number).status_code == 201


@pytest.mark.parametrize("status", ["paid", "cancelled"])
def test_what_is_over_cannot_be_paid(api: Api, status: str) -> None:
    number = api.system.invoice()
    api.send(STATUS, {"invoice_number": number, "status": status})
    response = pay(api, number)
    assert response.status_code == 422
    assert error_of(response) == {"message": f"Invoice {number} is {status}", "code": "not_payable"}


def test_an_invoice_over_nothing_cannot_be_paid(api: Api) -> None:
    body = api.registration(transaction_amount=0.0)
    api.send(REGISTER, body)
    assert pay(api, body["invoice_number"]).status_code == 422


def test_the_payer_who_asks_again_gets_the_same_page(api: Api) -> None:
    number = api.system.invoice()
    assert pay(api, number).json == pay(api, number).json


def test_another_way_back_is_another_attempt_with_a_name_of_its_own(api: Api) -> None:
    number = api.system.invoice()
    pay(api, number)
    response = api.send(ONEOFF, {"invoice_number": number, "customer_url": BACK["auction"]})
    assert response.status_code == 201
    assert api.system.shop.by_order(f"{number}-2") is not None


def test_the_gateway_s_refusal_passes_through_with_its_code(api: Api) -> None:
    number = api.system.invoice(amount="8000000.00")
    response = pay(api, number)
    assert response.status_code == 422
    assert error_of(response) == {"code": 4010, "message": "The amount is not valid"}


@pytest.mark.parametrize("kind", ["html", "truncate", "reset_after", "reset"])
def test_a_gateway_that_answers_nonsense_is_an_error_to_come_back_from(api: Api, kind: str) -> None:
    number = api.system.invoice()
    spoil(api, kind)
    response = pay(api, number)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "html" not in error_of(response)["message"]


@pytest.mark.parametrize("status", [500, 502, 503, 429, 401])
def test_a_gateway_that_fails_is_an_error_to_come_back_from(api: Api, status: int) -> None:
    number = api.system.invoice()
    spoil(api, "http", status=status)
    response = pay(api, number)
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    assert "injected" not in response.text
    assert api.system.status(number) in {"unpaid", "pending", "charged_with_error"}


def test_after_a_failure_the_payer_may_try_again(api: Api) -> None:
    number = api.system.invoice()
    api.system.shop.dial.turn([Fault("create", "http", status=422, times=1)])
    assert error_of(pay(api, number)) == {"code": 9999, "message": "injected"}
    api.system.shop.dial.turn([])
    api.system.app.extensions["integrations"].everypay._caller.breaker = Breaker()
    assert pay(api, number).status_code == 201


def test_a_changed_amount_is_what_the_page_asks_for(api: Api) -> None:
    number = api.system.invoice()
    api.send(AMOUNT, {"invoice_number": number, "transaction_amount": 80.5})
    pay(api, number)
    made = api.system.shop.by_order(str(number))
    assert made is not None
    assert made["initial_amount"] == "80.50"


def test_forms_work_like_json(api: Api) -> None:
    body = {"invoice_number": api.system.invoice(), "customer_url": BACK["registry"], "amount": ""}
    assert api.raw(ONEOFF, urlencode(body).encode(), "application/x-www-form-urlencoded").status_code == 201


def test_too_many_payments_are_slowed_down(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    number = api.system.invoice("eeid")
    monkeypatch.setattr(limits.Budget, "spend", lambda *_: False)
    response = pay(api, number, "eeid")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "60"
    assert error_of(response)["message"] == "Too many requests: wait a minute and try again"
