"""The simulated gateway is as strict as a gateway: what it lets through, a real one would let through too."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from app.integrations.everypay.simulator import create_simulator
from app.integrations.everypay.simulator_shop import EveryPayConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask
    from werkzeug.test import TestResponse

API = "/api/v4/payments"
CREDENTIALS = {"Authorization": "Basic " + base64.b64encode(b"simulated:simulated-key").decode()}
CONFIG = EveryPayConfig(base_url="http://everypay.test", callback_url="")


@pytest.fixture
def app() -> Flask:
    return create_simulator(CONFIG)


def signed(**more: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"api_username": "simulated", "nonce": secrets.token_hex(8), "timestamp": now} | more


def asked(**more: Any) -> dict[str, Any]:
    said = {"account_name": "EUR3D1", "amount": 10.0, "order_reference": "150005", "customer_url": "http://x.test/back"}
    return signed(**(said | more))


def post(app: Flask, verb: str, body: Any) -> TestResponse:
    sent = body if isinstance(body, bytes) else json.dumps(body)
    return app.test_client().post(f"{API}/{verb}", data=sent, headers=CREDENTIALS)


def made(app: Flask, **more: Any) -> str:
    response = post(app, "oneoff", asked(**more))
    assert response.status_code == 201, response.text
    return str(response.json["payment_reference"])  # type: ignore[index]


def script(app: Flask, path: str, body: Any, method: str = "POST") -> TestResponse:
    return app.test_client().open(f"/_sim/{path}", method=method, json=body)


def look(app: Flask, path: str) -> Any:
    return app.test_client().get(f"/_sim/{path}").json


def at_once(count: int, do: Callable[[int], int]) -> list[int]:
    """Do the same in parallel, begun together, and return what each came to."""
    together, found = threading.Barrier(count), []

    def run(index: int) -> None:
        together.wait()
        found.append(do(index))

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def paid(app: Flask, **more: Any) -> str:
    reference = made(app, **more)
    assert script(app, "pay", {"payment_reference": reference}).status_code == 200
    return reference


@pytest.mark.parametrize("round_", range(5))
def test_one_order_is_made_once_however_many_ask_at_once(app: Flask, round_: int):
    found = at_once(8, lambda _: post(app, "oneoff", asked(order_reference=f"7{round_}")).status_code)
    assert sorted(found) == [201] + [422] * 7


@pytest.mark.parametrize("round_", range(5))
def test_one_nonce_serves_once_however_many_use_it_at_once(app: Flask, round_: int):
    nonce = f"nonce-{round_}"
    found = at_once(8, lambda i: post(app, "oneoff", asked(order_reference=f"8{i}", nonce=nonce)).status_code)
    assert sorted(found) == [201] + [422] * 7


@pytest.mark.parametrize(("verb", "state"), [("refund", "settled"), ("void", "authorised"), ("capture", "authorised")])
def test_a_nonce_serves_once_whatever_it_was_for(app: Flask, verb: str, state: str):
    used = asked()
    reference = post(app, "oneoff", used).json["payment_reference"]  # type: ignore[index]
    script(app, "pay", {"payment_reference": reference, "state": state})
    again = post(app, verb, signed(payment_reference=reference, amount="2.00", nonce=used["nonce"]))
    assert (again.status_code, again.json["error"]["code"]) == (422, 4025)  # type: ignore[index]
    assert post(app, verb, signed(payment_reference=reference, amount="2.00")).status_code == 201


def test_two_refunds_with_one_nonce_at_once_are_one(app: Flask):
    reference = paid(app)
    body = signed(payment_reference=reference, amount="2.00")
    assert sorted(at_once(2, lambda _: post(app, "refund", body).status_code)) == [201, 422]
    assert look(app, "truth")["refunded"] == "2.00"


@pytest.mark.parametrize("verb", ["refund", "void", "capture"])
@pytest.mark.parametrize("name", ["api_username", "nonce", "timestamp", "payment_reference"])
def test_what_changes_a_payment_must_be_signed_whole(app: Flask, verb: str, name: str):
    body = signed(payment_reference=paid(app), amount="2.00")
    del body[name]
    assert post(app, verb, body).status_code == 422


def test_a_request_of_another_hour_is_refused(app: Flask):
    late = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert post(app, "void", signed(payment_reference=made(app), timestamp=late)).json["error"]["code"] == 4997  # type: ignore[index]


def test_the_truth_adds_up_every_refund(app: Flask):
    first, second = paid(app, amount="10.00"), paid(app, amount="30.00", order_reference="150006")
    for amount in ("1.00", "2.50"):
        assert post(app, "refund", signed(payment_reference=first, amount=amount)).status_code == 201
    # What the shop does on its own pages is a refund as well.
    script(app, "pay", {"payment_reference": second, "state": "refunded", "standing_amount": "5.00"})
    script(app, "pay", {"payment_reference": second, "state": "chargebacked"})
    truth = look(app, "truth")
    assert (truth["captured"], truth["refunds"], truth["refunded"]) == ("40.00", 3, "28.50")
    assert truth["charged_back"] == "5.00"
    assert truth["standing"] == "6.50"


def test_no_more_is_refunded_than_was_paid_however_many_ask_at_once(app: Flask):
    reference = paid(app)
    found = at_once(8, lambda _: post(app, "refund", signed(payment_reference=reference, amount="4.00")).status_code)
    assert found.count(201) == 2
    assert look(app, "truth")["standing"] == "2.00"


def test_a_part_may_be_captured(app: Flask):
    reference = made(app)
    script(app, "pay", {"payment_reference": reference, "state": "authorised"})
    assert post(app, "capture", signed(payment_reference=reference, amount="11.00")).status_code == 422
    captured = post(app, "capture", signed(payment_reference=reference, amount="4.00")).json
    assert (captured["payment_state"], captured["standing_amount"]) == ("settled", 4.0)  # type: ignore[index]
    assert look(app, "truth")["captured"] == "4.00"


def test_a_bank_payment_stays_one(app: Flask):
    reference = made(app)
    script(app, "pay", {"payment_reference": reference, "method": "bank"})
    assert script(app, "pay", {"payment_reference": reference, "state": "chargebacked"}).json["payment_method"] == (  # type: ignore[index]
        "swedbank_ob_ee"
    )
    assert post(app, "refund", signed(payment_reference=reference, amount="1.00")).json["error"]["code"] == 4037  # type: ignore[index]


@pytest.mark.parametrize(
    "amount", ["1e400", "1e-400", "1e99999999999999999999", "-1", "0", "0.001", "true", "null", '"NaN"', '"1e2"', "[]"]
)
@pytest.mark.parametrize("verb", ["oneoff", "refund", "capture"])
def test_what_is_no_amount_is_refused_and_breaks_nothing(app: Flask, verb: str, amount: str):
    reference = paid(app, order_reference="1")
    if verb == "capture":
        script(app, "pay", {"payment_reference": reference, "state": "authorised"})
    body = asked(payment_reference=reference, amount="AMOUNT")
    text = json.dumps(body).replace('"AMOUNT"', amount)
    assert 400 <= post(app, verb, text.encode()).status_code < 500


def test_an_amount_may_be_a_number_with_an_exponent(app: Flask):
    text = json.dumps(asked(amount="AMOUNT")).replace('"AMOUNT"', "1.2e2")
    assert post(app, "oneoff", text.encode()).json["initial_amount"] == 120.0  # type: ignore[index]


BROKEN = [
    b"{", b"\xff", b"[]", b"null", b"3", b'"x"', b'{"amount": NaN}', b'{"amount": Infinity}', b"[" * 100_000,
    b'{"nonce": "\\ud800"}', b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"n": ' + b"9" * 5000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("verb", ["oneoff", "refund", "void", "capture"])
def test_a_broken_body_is_refused_and_breaks_nothing(app: Flask, verb: str, body: bytes):
    assert 400 <= post(app, verb, body).status_code < 500


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "pay"), ("POST", "callback"), ("PUT", "config"), ("PUT", "faults")]
)
def test_a_broken_script_is_refused_and_breaks_nothing(app: Flask, method: str, path: str, body: bytes):
    answer = app.test_client().open(f"/_sim/{path}", method=method, data=body)
    assert 400 <= answer.status_code < 500 or (path, body) == ("faults", b"[]")


@pytest.mark.parametrize("name", ["order_reference", "customer_url", "nonce", "timestamp", "account_name"])
@pytest.mark.parametrize("value", [None, [], {}, 7, True, "", "\0", "é", "x" * 5000])
def test_strange_values_never_break_it(app: Flask, name: str, value: Any):
    assert post(app, "oneoff", asked(**{name: value})).status_code in {201, 422}


def test_every_request_is_written_down_the_refused_ones_too(app: Flask):
    client = app.test_client()
    reference = made(app)
    client.post(f"{API}/refund", json={})  # no credentials
    client.get(f"{API}/{'0' * 64}?api_username=simulated", headers=CREDENTIALS)
    post(app, "void", signed(payment_reference=reference))
    post(app, "capture", b"{")
    client.get("/api/v4/elsewhere?x=%ff", headers=CREDENTIALS)
    client.get(f"/pay/{reference}")
    script(app, "faults", [{"operation": "create", "kind": "http", "status": 503}], "PUT")
    post(app, "oneoff", asked(order_reference="2"))
    seen = [(each["what"], each["status"], each["fault"]) for each in look(app, "received")]
    assert seen == [
        ("POST /payments/oneoff", 201, None),
        ("POST /payments/refund", 401, None),
        (f"GET /payments/{'0' * 64}", 404, None),
        ("POST /payments/void", 422, None),
        ("POST /payments/capture", 400, None),
        ("GET /elsewhere", 404, None),
        (f"GET /pay/{reference}", 200, None),
        ("POST /payments/oneoff", 503, "http"),
    ]


def test_the_request_log_holds_what_was_said(app: Flask):
    made(app, amount="12.30")
    (seen,) = look(app, "received?what=oneoff")
    assert json.loads(seen["body"])["amount"] == "12.30"
    assert json.loads(seen["answer"])["payment_state"] == "initial"
    assert "simulated-key" not in json.dumps(seen)


def test_the_truth_outlives_the_process(tmp_path: Path):
    config = EveryPayConfig(base_url="http://everypay.test", callback_url="", path=tmp_path / "shop.sqlite")
    first = create_simulator(config)
    reference = paid(first, amount="10.00")
    post(first, "refund", signed(payment_reference=reference, amount="2.00"))
    again = create_simulator(config)
    assert look(again, "truth") == look(first, "truth")
    assert look(again, "truth")["refunded"] == "2.00"
    assert again.extensions["shop"].payment(reference)["standing_amount"] == str(Decimal("8.00"))
