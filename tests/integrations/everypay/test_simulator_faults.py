"""What can be made to go wrong at the simulated gateway, and that its callbacks go on whatever they meet."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.domain.money import Money
from app.domain.ports import OneOffRequest
from app.integrations.everypay.gateway import EveryPayGateway
from app.integrations.everypay.simulator import create_simulator
from app.integrations.everypay.simulator_shop import EveryPayConfig
from app.integrations.fault_dial import KINDS
from tests.integrations.everypay.test_simulator import (
    CONFIG,
    CREDENTIALS,
    asked,
    look,
    made,
    paid,
    post,
    script,
    signed,
)
from tests.integrations.sockets import Server, closed_port, http, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask


@pytest.fixture
def app() -> Flask:
    return create_simulator(CONFIG)


def turn(app: Flask, operation: str, kind: str, **more: Any) -> None:
    response = script(app, "faults", [{"operation": operation, "kind": kind} | more], "PUT")
    assert response.status_code == 200, response.text


def injected(app: Flask) -> Any:
    return look(app, "faults")["injected"]


@pytest.mark.parametrize("operation", ["create", "fetch", "refund"])
def test_an_amount_can_be_wrong_in_every_answer_and_in_nothing_else(app: Flask, operation: str):
    reference = paid(app, amount="10.00")
    do: Callable[[], Any] = {
        "create": lambda: post(app, "oneoff", asked(order_reference="2", amount="10.00")),
        "fetch": lambda: app.test_client().get(
            f"/api/v4/payments/{reference}?api_username=simulated", headers=CREDENTIALS
        ),
        "refund": lambda: post(app, "refund", signed(payment_reference=reference, amount="1.00")),
    }[operation]
    turn(app, operation, "wrong_amount")
    assert do().json["initial_amount"] == 9.99
    assert injected(app) == {"wrong_amount": 1}
    assert {each["initial_amount"] for each in look(app, "payments")} == {"10.00"}
    assert look(app, "received")[-1]["fault"] == "wrong_amount"


def test_an_answer_can_hold_more_than_anybody_knows(app: Flask):
    turn(app, "create", "unknown_fields")
    answer = post(app, "oneoff", asked()).json
    assert answer["order_reference"] == "150005"  # type: ignore[index]
    assert answer["x_unknown"]["nested"][1] is None  # type: ignore[index]
    assert answer["x_huge"] > 2**63  # type: ignore[index]


@pytest.mark.parametrize("operation", ["create", "fetch"])
def test_our_adapter_reads_past_what_it_does_not_know(app: Flask, operation: str):
    gateway = EveryPayGateway(
        base="http://everypay.test/api/v4",
        username="simulated",
        key="simulated-key",
        account="EUR3D1",
        currency="EUR",
        allow_private=True,
        before_request=lambda: None,
        transport=httpx.WSGITransport(app=app),
    )
    turn(app, operation, "unknown_fields", times=0)
    created = gateway.create_payment(OneOffRequest("150005", Money(12000, "EUR"), "http://x.test/back", "", "et"))
    assert gateway.fetch_payment(created.external_id).initial == Money(12000, "EUR")
    assert injected(app) == {"unknown_fields": 1}


@pytest.mark.parametrize(
    ("wanted", "header"),
    [({}, "1"), ({"retry_after": 30}, "30"), ({"retry_after": ""}, None), ({"retry_after": "soon"}, "soon"),
     ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "Wed, 21 Oct 2026 07:28:00 GMT"),
     ({"retry_after": "x\r\nSet-Cookie: a=b"}, None), ({"status": 500}, None),
     ({"status": 500, "retry_after": 2}, "2")],
)  # fmt: skip
def test_when_to_come_again_is_said_as_the_script_wants(app: Flask, wanted: dict[str, Any], header: str | None):
    turn(app, "create", "http", **({"status": 503} | wanted))
    answer = post(app, "oneoff", asked())
    assert answer.headers.get("Retry-After") == header
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "fault",
    [{}, {"operation": "create"}, {"operation": "create", "kind": "explode"}, {"operation": "nowhere", "kind": "http"},
     {"operation": "create", "kind": "lose"}, {"operation": "callback", "kind": "html"},
     {"operation": 1, "kind": "http"},
     {"operation": "create", "kind": "http", "times": "x"}, {"operation": "create", "kind": "http", "percent": 101},
     {"operation": "create", "kind": "http", "status": 42}, {"operation": "create", "kind": "slow", "seconds": "1"},
     {"operation": "create", "kind": "slow", "seconds": True}, {"operation": "create", "kind": "http", "tmes": 1},
     "create", None, [[]]],
    ids=repr,
)  # fmt: skip
def test_a_fault_that_cannot_strike_is_refused_and_leaves_the_dial_as_it_was(app: Flask, fault: Any):
    turn(app, "create", "http")
    assert script(app, "faults", [fault], "PUT").status_code == 400
    assert [each["kind"] for each in look(app, "faults")["faults"]] == ["http"]
    assert post(app, "oneoff", asked()).status_code == 500


def test_the_dial_says_what_can_strike_where(app: Flask):
    offered = look(app, "faults")["offered"]
    assert set(offered) == {"create", "fetch", "refund", "void", "capture", "callback"}
    assert set().union(*offered.values()) == set(KINDS)


GOOD = http(b"{}")
EVIL: dict[str, Callable[..., object]] = {
    "no_http": say(b"garbage\r\n"),
    "nothing": say(b""),
    "cut_short": say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    "wrong_status": say(b"HTTP/1.1 abc OK\r\n\r\n"),
    "endless_headers": say(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500 + b"\r\n"),
    "reset": lambda connection: connection.close(),
    "server_error": say(http(b"{}", status="500 Oops")),
}


@pytest.mark.parametrize("name", EVIL)
def test_callbacks_go_on_after_whatever_they_meet(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.integrations.everypay.simulator_callbacks.TRIES", 1)
    with Server(EVIL[name], say(GOOD)) as server:  # type: ignore[arg-type]
        app = create_simulator(EveryPayConfig(base_url="http://everypay.test", callback_url=f"{server.url}/cb"))
        reference = made(app)
        script(app, "pay", {"payment_reference": reference, "times": 3})
        sent = eventually(lambda: found if len(found := look(app, "received?what=callback sent")) == 3 else None)
    assert [each["status"] for each in sent[1:]] == [200, 200]
    assert server.connections == 3


@pytest.mark.parametrize("url", ["no address", "http://[::1", "http://x:y/", "ftp:/", "http://\xa0/"])
def test_an_address_that_is_none_stops_nothing(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.integrations.everypay.simulator_callbacks.TRIES", 1)
    app = create_simulator(CONFIG)
    script(app, "config", {"callback_url": url}, "PUT")
    paid(app)
    with Server(say(GOOD)) as server:
        script(app, "config", {"callback_url": f"{server.url}/cb"}, "PUT")
        paid(app, order_reference="2")
        sent = eventually(lambda: found if len(found := look(app, "received?what=callback sent")) == 2 else None)
    assert [each["status"] for each in sent] == [None, 200]


def test_a_refused_callback_is_sent_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.integrations.everypay.simulator_callbacks.TRIES", 2)
    with Server(say(b"garbage\r\n"), say(GOOD)) as server:
        app = create_simulator(EveryPayConfig(base_url="http://everypay.test", callback_url=f"{server.url}/cb"))
        paid(app)
        sent = eventually(lambda: found if len(found := look(app, "received?what=callback sent")) == 2 else None)
    assert [each["status"] for each in sent] == [None, 200]


def test_nobody_listening_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.integrations.everypay.simulator_callbacks.TRIES", 1)
    app = create_simulator(
        EveryPayConfig(base_url="http://everypay.test", callback_url=f"http://127.0.0.1:{closed_port()}/cb")
    )
    script(app, "pay", {"payment_reference": made(app), "times": 2})
    assert eventually(lambda: len(look(app, "received?what=callback sent")) == 2)


def eventually(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 15
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


def test_a_real_answer_can_be_broken_off(app: Flask):
    turn(app, "create", "truncate")
    with pytest.raises(json.JSONDecodeError):
        json.loads(post(app, "oneoff", asked()).text)
    assert len(look(app, "payments")) == 1
