"""The providers are built from the settings once, and reached through one door."""

from __future__ import annotations

import dataclasses
from typing import Any

import httpx
import pytest
from flask import Flask

from app.config import load_settings
from app.domain.errors import Outcome, ProviderFailure
from app.domain.money import Money
from app.domain.ports import LinkRequest, OneOffRequest
from app.integrations import Integrations, build_integrations, current

ENV = {
    "BILLING_DEVELOPMENT": "1", "DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x", "SECRET_KEY": "x",
    "BILLING_SECRET": "secret", "EVERYPAY_BASE": "http://everypay.example/api/v4", "EVERYPAY_KEY": "key",
    "API_USERNAME": "user", "ACCOUNT_NAME": "EUR3D1", "LINKPAY_PREFIX": "http://everypay.example/lp",
    "LINKPAY_TOKEN": "tok", "BASE_REGISTRY": "http://registry.example",
}  # fmt: skip
ASKED = OneOffRequest("150005", Money(100, "EUR"), "https://x.example.ee/")


def built(transport: httpx.BaseTransport | None = None, **changes: str) -> Integrations:
    transports = {"everypay": transport, "registry": transport} if transport else None
    settings = load_settings({name: value for name, value in (ENV | changes).items() if value})
    return build_integrations(settings, before_request=lambda: None, transports=transports)


def seeing() -> tuple[httpx.BaseTransport, list[str]]:
    seen: list[str] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        body = b'{"payment_reference":"abcdefgh12","payment_link":"https://pay.example/x"}'
        return httpx.Response(200, stream=httpx.ByteStream(body))

    return httpx.MockTransport(keep), seen


def test_every_provider_is_where_the_settings_say():
    transport, seen = seeing()
    integrations = built(transport)
    integrations.everypay.create_payment(ASKED)
    integrations.initiators.payment_status("registry", {})
    assert seen == [
        "http://everypay.example/api/v4/payments/oneoff", "http://registry.example/eis_billing/payment_status"
    ]  # fmt: skip
    assert integrations.links.sign(LinkRequest("1.0", "150005")).startswith("http://everypay.example/lp?")
    assert (integrations.everypay.account, integrations.everypay.currency) == ("EUR3D1", "EUR")


def test_a_provider_that_is_not_set_up_is_not_called():
    with pytest.raises(ProviderFailure, match="address is not set") as caught:
        built(EVERYPAY_BASE="").everypay.create_payment(ASKED)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert not built(BASE_REGISTRY="").initiators.has_endpoint("registry")


def test_a_request_is_forbidden_while_a_transaction_is_open():
    class Open(RuntimeError):
        pass

    def forbid() -> None:
        raise Open

    transport, seen = seeing()
    integrations = build_integrations(
        load_settings(ENV), before_request=forbid, transports={"everypay": transport, "registry": transport}
    )
    calls: list[Any] = [
        lambda: integrations.everypay.create_payment(ASKED),
        lambda: integrations.everypay.fetch_payment("abcdefgh12"),
        lambda: integrations.initiators.payment_status("registry", {}),
        lambda: integrations.initiators.synchronise("registry", {}),
    ]
    for call in calls:
        with pytest.raises(Open):
            call()
    assert seen == []


def test_the_running_application_has_one_registry():
    app = Flask(__name__)
    app.extensions["integrations"] = built()
    with app.app_context():
        assert current() is app.extensions["integrations"]


def test_the_registry_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        built().everypay = None  # type: ignore[misc, assignment]
