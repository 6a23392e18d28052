"""What the services are told, where, and how (eis.md 8.8, 10.2; decisions.md 26, 27)."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.domain.errors import Outcome, ProviderFailure
from app.integrations.initiators.client import HttpInitiatorClient
from tests.integrations.initiators.test_token import VECTORS
from tests.integrations.live import served
from tests.integrations.simulated import Service

CODES = ("registry", "auction", "eeid")
NEWS: dict[str, Any] = {
    "account_name": "EUR3D1", "order_reference": "150330", "email": None, "customer_ip": "1.2.3.4",
    "customer_url": None,
    "payment_created_at": "2026-01-05T10:00:00Z", "initial_amount": Decimal("120.0"),
    "standing_amount": Decimal("120.00"),
    "payment_reference": "db98561e", "payment_link": "https://pay.example/x", "api_username": "a", "warnings": None,
    "stan": 123456, "fraud_score": 0, "payment_state": "settled", "payment_method": "card", "ob_details": None,
    "creditor_iban": None, "ob_payment_reference": None, "ob_payment_state": None,
    "transaction_time": "2026-01-05T10:01:00Z", "invoice_number_collection": None,
}  # fmt: skip
SYNCHRONISE = {"invoice": {"invoice_number": 150330, "transaction_amount": "120.0"}, "status": "paid"}


@pytest.fixture
def services() -> dict[str, Service]:
    made = {code: Service(code) for code in CODES}
    for service in made.values():
        service.expect("150330", "120.00")
    return made


@pytest.fixture
def client(services: dict[str, Service]) -> HttpInitiatorClient:
    return calling({code: service.transport for code, service in services.items()})


def calling(transports: dict[str, httpx.BaseTransport], **changes: Any) -> HttpInitiatorClient:
    said: dict[str, Any] = {
        "payment_urls": {code: f"https://{code}.example/eis_billing/payment_status" for code in CODES},
        "base_urls": {code: f"https://{code}.example" for code in CODES},
        "secret": "secret",
        "allow_private": False,
        "before_request": lambda: None,
        "transports": transports,
    }
    return HttpInitiatorClient(**said | changes)


def failure_of(client: HttpInitiatorClient, code: str = "registry") -> ProviderFailure:
    with pytest.raises(ProviderFailure) as caught:
        client.payment_status(code, NEWS)
    return caught.value


def recording(status: int = 200, body: bytes = b"{}") -> tuple[HttpInitiatorClient, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, stream=httpx.ByteStream(body))

    return calling(dict.fromkeys(CODES, httpx.MockTransport(keep))), seen


@pytest.mark.parametrize(
    ("code", "answer"),
    [("registry", {"message": "Payment is proccessing"}), ("auction", {"message": "ok"}), ("eeid", {"status": "ok"})],
)
def test_every_service_hears_of_a_payment(client: HttpInitiatorClient, code: str, answer: dict[str, str]):
    found = client.payment_status(code, NEWS)
    assert (found.status, found.body) == (200, answer)


def test_the_request_is_what_the_services_expect():
    client, seen = recording()
    client.payment_status("registry", NEWS)
    (request,) = seen
    assert (request.method, str(request.url)) == ("PUT", "https://registry.example/eis_billing/payment_status")
    assert request.headers["Authorization"] == f"Bearer {VECTORS['billing']}"
    assert request.headers["Content-Type"] == "application/json"
    assert b'"initial_amount":120.0,"standing_amount":120.00,' in request.content
    assert set(json.loads(request.content)) == set(NEWS)


def test_an_invoice_is_synchronised_under_the_base(client: HttpInitiatorClient):
    assert client.synchronise("auction", SYNCHRONISE).body == {"message": "Invoice data was successfully updated"}
    recorder, seen = recording()
    recorder.synchronise("registry", SYNCHRONISE)
    assert str(seen[0].url) == "https://registry.example/eis_billing/invoices"


def test_the_address_set_for_payments_wins():
    client, seen = recording()
    client._payment_urls = {"registry": "https://elsewhere.example/paid"}
    client.payment_status("registry", NEWS)
    assert str(seen[0].url) == "https://elsewhere.example/paid"


def test_a_wrong_secret_is_a_refusal(services: dict[str, Service]):
    client = calling({"registry": services["registry"].transport}, secret="another")
    failure = failure_of(client)
    assert (failure.outcome, failure.status) == (Outcome.REFUSED, 401)


def test_an_unknown_invoice_is_a_refusal_with_its_answer(client: HttpInitiatorClient):
    with pytest.raises(ProviderFailure) as caught:
        client.synchronise("registry", {"invoice": {}, "status": "overdue"})
    assert caught.value.outcome is Outcome.REFUSED
    assert (caught.value.status, caught.value.detail) == (404, "Invoice with None number not found")


def test_eeid_answers_nothing_where_it_knows_no_such_number():
    failure = failure_of(recording(204, b"")[0], "eeid")
    assert (failure.outcome, failure.status) == (Outcome.REFUSED, 204)
    assert "does not know this number" in failure.detail


@pytest.mark.parametrize("code", ["registry", "auction", "eeid"])
@pytest.mark.parametrize("body", [b"<html><body>Please stand by</body></html>", b'"ok"', b"[]", b"<" * 9000])
def test_a_page_in_place_of_the_answer_says_nothing(code: str, body: bytes):
    failure = failure_of(recording(200, body)[0], code)
    assert (failure.outcome, failure.status) == (Outcome.UNKNOWN, None)
    assert failure.detail.startswith("answered 200 with no JSON object: ")
    assert len(failure.detail) < 400


@pytest.mark.parametrize("code", ["registry", "auction"])
def test_an_empty_answer_of_those_who_always_say_something_says_nothing(code: str):
    assert failure_of(recording(204, b"")[0], code).outcome is Outcome.UNKNOWN


def test_the_word_error_refuses_whatever_the_status():
    failure = failure_of(recording(200, b'{"error": {"message": "no such invoice"}}')[0], "registry")
    assert (failure.outcome, failure.status, failure.detail) == (Outcome.REFUSED, 200, "no such invoice")


def test_business_registry_is_told_nothing():
    client, _ = recording()
    assert not client.has_endpoint("business_registry")
    assert client.has_endpoint("registry")
    assert failure_of(client, "business_registry").outcome is Outcome.NOT_SENT


def test_one_sick_service_says_nothing_about_another(services: dict[str, Service], client: HttpInitiatorClient):
    services["registry"].spoil("*", "http", times=9, status=500)
    for _ in range(6):
        last = failure_of(client)
    assert last.outcome is Outcome.NOT_SENT
    assert client.payment_status("auction", NEWS).status == 200


@pytest.mark.parametrize("kind", ["reset_after", "timeout_after", "http_after"])
def test_a_lost_answer_is_not_repeated_here(services: dict[str, Service], kind: str):
    """T17: the auction would add the amount once more."""
    auction = services["auction"]
    auction.spoil("payment_status", kind, seconds=0.1, status=504)
    with served(auction.app) as url:
        client = calling(
            {}, payment_urls={"auction": f"{url}/eis_billing/payment_status"}, base_urls={}, allow_private=True
        )
        assert failure_of(client, "auction").outcome is Outcome.UNKNOWN
        client._callers["auction"].close()
    assert auction.told("150330") == 1


def test_no_more_than_four_calls_at_once_reach_one_service(services: dict[str, Service]):
    services["registry"].spoil("payment_status", "slow", times=8, seconds=0.2)
    registry = services["registry"].app
    busy, most, lock = 0, 0, threading.Lock()
    inner = registry.wsgi_app

    def counting(environ: Any, start: Any) -> Any:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        try:
            return inner(environ, start)
        finally:
            with lock:
                busy -= 1

    registry.wsgi_app = counting  # type: ignore[method-assign,assignment]
    with served(registry) as url:
        client = calling(
            {}, payment_urls={"registry": f"{url}/eis_billing/payment_status"}, base_urls={}, allow_private=True
        )
        threads = [threading.Thread(target=client.payment_status, args=("registry", NEWS)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client._callers["registry"].close()
    assert most <= 4
