"""The gateway against its simulator, and against answers no simulator gives (eis.md 9.1; security T04, T11, T17)."""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Invalid, Outcome, ProviderFailure
from app.domain.money import Money
from app.domain.payment import ObservedState
from app.domain.ports import OneOffRequest
from app.integrations.everypay.gateway import EveryPayGateway
from tests.integrations.live import served
from tests.integrations.simulated import EveryPay

BASE = "https://everypay.example/api/v4"
REFERENCE = "db98561ec7a380d2e0872a34ffccdd0c4d2f2fd237b6d0ac22f85f52a58a2b5a"
ASKED = OneOffRequest("150005", Money(12000, "EUR"), "https://registrar.example.ee/back", "7366488", "et")


@pytest.fixture
def simulator() -> EveryPay:
    return EveryPay()


@pytest.fixture
def gateway(simulator: EveryPay) -> EveryPayGateway:
    return made(simulator.transport)


def made(transport: httpx.BaseTransport | None, **changes: Any) -> EveryPayGateway:
    said: dict[str, Any] = {
        "base": BASE, "username": "simulated", "key": "simulated-key", "account": "EUR3D1", "currency": "EUR",
        "allow_private": False, "before_request": lambda: None, "transport": transport,
    }  # fmt: skip
    return EveryPayGateway(**said | changes)


def failure_of(gateway: EveryPayGateway, request: OneOffRequest = ASKED) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as caught:
        gateway.create_payment(request)
    return caught.value


def recording(answer: dict[str, Any] | bytes, status: int = 201) -> tuple[EveryPayGateway, list[httpx.Request]]:
    seen: list[httpx.Request] = []
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, stream=httpx.ByteStream(content))

    return made(httpx.MockTransport(keep)), seen


CREATED = {"payment_reference": REFERENCE, "payment_link": "https://pay.example/x", "payment_state": "initial"}


def test_a_payment_made_is_the_payment_found(simulator: EveryPay, gateway: EveryPayGateway):
    created = gateway.create_payment(ASKED)
    assert created.payment_link.endswith(created.external_id)
    assert created.provider_state == "initial"
    simulator.move(created.external_id, "settled")
    found = gateway.fetch_payment(created.external_id)
    assert (found.state, found.account, found.order_reference) == (ObservedState.COMPLETED, "EUR3D1", "150005")
    assert found.initial == found.standing == Money(12000, "EUR")


def test_a_partial_refund_shows_what_stands(simulator: EveryPay, gateway: EveryPayGateway):
    created = gateway.create_payment(ASKED)
    simulator.move(created.external_id, "settled")
    simulator.move(created.external_id, "refunded", standing="20.00")
    assert gateway.fetch_payment(created.external_id).standing == Money(2000, "EUR")


def test_a_payment_is_asked_for_as_the_vendor_wants_it():
    gateway, seen = recording(CREATED)
    gateway.create_payment(ASKED)
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", f"{BASE}/payments/oneoff")
    assert b'"amount":120.00,' in request.content
    body = json.loads(request.content)
    nonce, timestamp = body.pop("nonce"), datetime.fromisoformat(body.pop("timestamp"))
    assert re.fullmatch(r"[0-9]{30}", nonce)
    assert abs((datetime.now(UTC) - timestamp).total_seconds()) < 60
    assert body == {
        "api_username": "simulated", "account_name": "EUR3D1", "amount": 120.0, "order_reference": "150005",
        "request_token": False, "customer_url": "https://registrar.example.ee/back", "preferred_country": "EE",
        "locale": "et", "structured_reference": "7366488",
    }  # fmt: skip


def test_no_two_requests_share_a_nonce():
    gateway, seen = recording(CREATED)
    for _ in range(20):
        gateway.create_payment(ASKED)
    assert len({json.loads(request.content)["nonce"] for request in seen}) == 20


def test_credentials_use_the_standard_alphabet():
    """The URL-safe one differs as soon as a plus or a slash occurs (eis.md 9.1.1)."""
    seen: list[str] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(201, stream=httpx.ByteStream(json.dumps(CREATED).encode()))

    key = "~~~???>>>"
    made(httpx.MockTransport(keep), key=key).create_payment(ASKED)
    encoded = seen[0].removeprefix("Basic ")
    assert base64.b64decode(encoded, validate=True).decode() == f"simulated:{key}"
    assert "/" in encoded or "+" in encoded


def test_a_payment_is_fetched_by_its_exact_address():
    gateway, seen = recording({**CREATED, "account_name": "EUR3D1", "order_reference": "1"}, 200)
    gateway.fetch_payment(REFERENCE)
    assert str(seen[0].url) == f"{BASE}/payments/{REFERENCE}?api_username=simulated"


hostile = st.text(alphabet="./%?&#\\\r\n 0aZ-é\0;@", min_size=1, max_size=40)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None)
@given(st.one_of(hostile, st.text(max_size=100), st.just("../refund"), st.just("%2e%2e%2frefund")))
def test_no_reference_reshapes_the_address(reference: str):
    """T04: only the exact template is ever called, in 5,000 tries."""
    gateway, seen = recording({**CREATED, "account_name": "a", "order_reference": "1"}, 200)
    with suppress(Invalid, ProviderFailure):
        gateway.fetch_payment(reference)
    template = rf"{re.escape(BASE)}/payments/[0-9A-Za-z]{{8,80}}\?api_username=simulated"
    assert all(re.fullmatch(template, str(request.url)) for request in seen)


def test_an_answer_about_another_payment_is_no_answer():
    """T11"""
    other = {"payment_reference": "f" * 64, "account_name": "EUR3D1", "order_reference": "1"}
    gateway, _ = recording(other, 200)
    with pytest.raises(ProviderFailure) as caught:
        gateway.fetch_payment(REFERENCE)
    assert caught.value.outcome is Outcome.UNKNOWN


def test_a_foreign_account_is_reported_as_it_is(simulator: EveryPay, gateway: EveryPayGateway):
    """T11: the gateway says whose payment it is; settling compares."""
    created = gateway.create_payment(ASKED)
    simulator.spoil("fetch", "foreign_account")
    assert gateway.fetch_payment(created.external_id).account == "EUR3D9"


def test_a_state_nobody_knows_is_unknown(simulator: EveryPay, gateway: EveryPayGateway):
    created = gateway.create_payment(ASKED)
    simulator.spoil("fetch", "unknown_state")
    found = gateway.fetch_payment(created.external_id)
    assert (found.state, found.provider_state) == (ObservedState.UNKNOWN, "teleported")


def test_a_refusal_carries_the_vendors_code(gateway: EveryPayGateway):
    gateway.create_payment(ASKED)
    failure = failure_of(gateway)
    assert (failure.outcome, failure.permanent, failure.status, failure.code) == (Outcome.REFUSED, True, 422, 4036)
    assert "used before" in failure.detail


def test_a_payment_nobody_made_is_refused_for_good(gateway: EveryPayGateway):
    with pytest.raises(ProviderFailure) as caught:
        gateway.fetch_payment("f" * 64)
    assert (caught.value.outcome, caught.value.permanent, caught.value.status) == (Outcome.REFUSED, True, 404)


def test_wrong_credentials_say_nothing_about_the_payment(simulator: EveryPay):
    failure = failure_of(made(simulator.transport, key="another"))
    assert (failure.outcome, failure.permanent, failure.status) == (Outcome.REFUSED, False, 401)


def test_an_error_in_an_answer_of_success_is_a_refusal():
    gateway, _ = recording({"error": {"code": 4999, "message": "No"}}, 200)
    failure = failure_of(gateway)
    assert (failure.outcome, failure.code) == (Outcome.REFUSED, 4999)


@pytest.mark.parametrize(
    "answer",
    [b"[]", b'"x"', b"null", b"", b"{}", b'{"payment_reference":"../x","payment_link":"https://a.b"}',
     b'{"payment_reference":"abcdefgh12"}', b'{"payment_reference":"abcdefgh12","payment_link":"javascript:x"}',
     b'{"payment_reference":12345678,"payment_link":"https://a.b/c"}'],
)  # fmt: skip
def test_a_payment_made_and_not_named_is_unknown(answer: bytes):
    """T17: the money may already be on its way."""
    gateway, _ = recording(answer)
    assert failure_of(gateway).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("kind", ["reset_after", "timeout_after", "truncate", "html"])
def test_a_payment_made_and_not_answered_is_unknown_and_made_once(simulator: EveryPay, kind: str):
    """T17: executed, then the connection drops; nothing is repeated on its own."""
    simulator.spoil("create", kind, seconds=0.2)
    with served(simulator.app) as url:
        gateway = made(None, base=f"{url}/api/v4", allow_private=True)
        assert failure_of(gateway).outcome is Outcome.UNKNOWN
        gateway._caller.close()
    assert simulator.payments() == 1


def test_a_payment_not_made_was_not_sent(simulator: EveryPay):
    with served(simulator.app) as url:
        pass
    gateway = made(None, base=f"{url}/api/v4", allow_private=True)
    assert failure_of(gateway).outcome is Outcome.NOT_SENT


def test_a_fetch_survives_a_broken_answer(simulator: EveryPay):
    with served(simulator.app) as url:
        gateway = made(None, base=f"{url}/api/v4", allow_private=True)
        created = gateway.create_payment(ASKED)
        simulator.spoil("fetch", "reset_after", "http", status=500)
        assert gateway.fetch_payment(created.external_id).external_id == created.external_id
        gateway._caller.close()


def test_a_wish_for_later_is_left_to_the_outbox(simulator: EveryPay, gateway: EveryPayGateway):
    created = gateway.create_payment(ASKED)
    simulator.spoil("fetch", "http", status=503)
    with pytest.raises(ProviderFailure) as caught:
        gateway.fetch_payment(created.external_id)
    assert (caught.value.status, caught.value.retry_after_s, caught.value.permanent) == (503, 1, False)


def test_nothing_shows_the_key():
    """T82"""
    gateway, _ = recording({"error": {"message": "bad"}}, 422)
    failure = failure_of(gateway)
    assert "simulated-key" not in f"{failure!r} {failure} {failure.detail} {gateway!r}"
