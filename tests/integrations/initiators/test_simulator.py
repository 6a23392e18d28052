"""The simulated services behave as the real receivers do, their double counting included (eis.md 10.2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from app.integrations.initiators.simulator import KINDS, ROUTES, create_simulator
from app.integrations.initiators.simulator_service import InitiatorConfig
from tests.integrations.live import served
from tests.integrations.sockets import Server, http, say
from tests.loopback import LOOPBACK

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

SECRET = "s"


def service(kind: str, billing_url: str = "", **more: Any) -> Flask:
    config = InitiatorConfig(kind, "http://service.test", billing_url, SECRET, "token", calls_back=bool(billing_url))
    app = create_simulator(config)
    script(app, "config", more) if more else None
    return app


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def token(claims: bytes, header: bytes = b'{"alg":"HS256"}', secret: str = SECRET) -> str:
    signed = f"{encoded(header)}.{encoded(claims)}"
    return f"{signed}.{encoded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


CLAIMS = b'{"initiator":"billing"}'
BILLING = {"Authorization": f"Bearer {token(CLAIMS)}"}


def tell(app: Flask, route: str, body: Any, headers: dict[str, str] = BILLING) -> TestResponse:
    data = body if isinstance(body, bytes) else json.dumps(body)
    method = "POST" if route == "lhv_connect_transactions" else "PUT"
    return app.test_client().open(f"/eis_billing/{route}", method=method, data=data, headers=headers)


def script(app: Flask, path: str, body: Any) -> TestResponse:
    return app.test_client().put(f"/_sim/{path}", json=body)


def look(app: Flask, path: str) -> Any:
    return app.test_client().get(f"/_sim/{path}").json


@pytest.mark.parametrize("sent", [b'{"initial_amount": 120.0,"order_reference":"150005"}', b'{"a": 1', b"\xff", b""])
def test_what_was_received_is_kept_letter_by_letter(sent: bytes):
    app = service("registry")
    tell(app, "payment_status", sent)
    assert look(app, "received")[-1]["body"] == sent.decode(errors="replace")


def expect(app: Flask, number: str = "150005", total: str = "10.00", **more: str) -> None:
    assert script(app, "invoices", {"number": number, "total": total} | more).status_code == 200


def invoice(app: Flask, number: str = "150005") -> dict[str, Any]:
    return {each["number"]: each for each in look(app, "invoices")}[number]  # type: ignore[no-any-return]


def news(amount: Any = 10.0, number: str = "150005", **more: Any) -> dict[str, Any]:
    said = {"order_reference": number, "initial_amount": amount, "standing_amount": amount}
    said |= {"payment_state": "settled", "payment_reference": "f" * 64, "invoice_number_collection": None}
    return said | {"transaction_time": "2026-01-05T10:01:00Z"} | more


def status(app: Flask, word: str, number: Any = 150005) -> TestResponse:
    return tell(app, "invoices", {"invoice": {"invoice_number": number, "transaction_amount": "10.0"}, "status": word})


def test_registry_reports_only_what_this_very_call_has_paid():
    with Server(say(http(b"{}"))) as billing:
        app = service("registry", billing.url)
        expect(app, total="99.00")
        assert tell(app, "payment_status", news(10.0)).json == {"message": "Payment is proccessing"}
        assert billing.connections == 0
        assert tell(app, "payment_status", news(99.0)).status_code == 200
        assert tell(app, "payment_status", news(99.0)).json == {"message": "Invoice already paid"}
        assert billing.connections == 1
    assert [(each["body"], each["status"]) for each in look(app, "received?what=called back")] == [("150005", 200)]


def test_registry_does_not_bind_to_a_cancelled_invoice():
    with Server(say(http(b"{}"))) as billing:
        app = service("registry", billing.url)
        expect(app)
        status(app, "cancelled")
        assert tell(app, "payment_status", news()).status_code == 200
        assert billing.connections == 0
    assert (invoice(app)["status"], invoice(app)["credited"]) == ("cancelled", "0")


@pytest.mark.parametrize("answer", [b"garbage\r\n", b"", b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"])
def test_a_report_that_meets_a_broken_billing_breaks_nothing(answer: bytes):
    with Server(say(answer)) as billing:
        app = service("registry", billing.url)
        assert tell(app, "payment_status", news()).status_code == 200
    (report,) = look(app, "received?what=called back")
    assert report["status"] in {None, 500}


@pytest.mark.parametrize("round_", range(5))
def test_registry_credits_once_however_many_tell_it_at_once(round_: int):
    with Server(say(http(b"{}"))) as billing:
        app = service("registry", billing.url)
        expect(app)
        found: list[Any] = []
        together = threading.Barrier(4)

        def go() -> None:
            together.wait()
            found.append(tell(app, "payment_status", news()).json)

        threads = [threading.Thread(target=go) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert billing.connections == 1
    assert sorted(each["message"] for each in found) == ["Invoice already paid"] * 3 + ["Payment is proccessing"]
    assert (invoice(app)["credited"], invoice(app)["told"]) == ("10.00", 4)


def test_registry_answers_others_while_billing_keeps_it_waiting():
    """Billing may ask while it waits for our answer: nothing is locked then (decisions.md 27)."""
    seen: list[int] = []

    def asks_meanwhile(connection: Any) -> None:
        connection.recv(65536)
        seen.append(status(app, "unpaid", 1).status_code)
        connection.sendall(http(b"{}"))

    with Server(asks_meanwhile) as billing:
        app = service("registry", billing.url)
        began = time.monotonic()
        assert tell(app, "payment_status", news()).status_code == 200
    assert seen == [404]
    assert time.monotonic() - began < 3


def test_auction_adds_the_amount_every_time():
    app = service("auction")
    expect(app, total="30.00")
    for _ in range(2):
        assert tell(app, "payment_status", news()).json == {"message": "ok"}
    assert (invoice(app)["paid_amount"], invoice(app)["status"]) == ("20.00", "issued")
    tell(app, "payment_status", news(number="Ref:1", invoice_number_collection=[{"number": 150005, "ref": "x"}]))
    assert invoice(app)["status"] == "paid"


def test_an_empty_collection_is_nothing_to_do():
    app = service("auction")
    expect(app)
    assert tell(app, "payment_status", news(invoice_number_collection=[])).status_code == 200
    assert invoice(app)["told"] == 0


DEPOSIT = {
    "domain_name": "x.ee", "user_uuid": "u-1", "user_email": "a@b.ee", "transaction_amount": 500.0,
    "invoice_number": 10005, "description": "deposit", "affiliation": 1,
}  # fmt: skip


def test_a_deposit_lets_its_user_take_part_once():
    app = service("auction")
    for _ in range(2):
        assert tell(app, "payment_status", DEPOSIT).status_code == 200
    (participant,) = look(app, "participants")
    assert (participant["invoice_number"], participant["deposit"], participant["told"]) == ("10005", "500.00", 2)


@pytest.mark.parametrize("change", [{"description": "x"}, {"transaction_amount": None}, {"user_uuid": ""}])
def test_a_deposit_that_is_none_is_refused(change: dict[str, Any]):
    app = service("auction")
    assert tell(app, "payment_status", DEPOSIT | change).status_code == 422
    assert look(app, "participants") == []


@pytest.mark.parametrize(
    ("before", "word", "answer", "after"),
    [
        ("issued", "paid", 200, "paid"),
        ("issued", "cancelled", 200, "cancelled"),
        ("issued", "unpaid", 200, "issued"),
        ("issued", "overdue", 422, "issued"),
        ("paid", "paid", 422, "paid"),
        ("paid", "cancelled", 422, "paid"),
        ("paid", "unpaid", 200, "issued"),
        ("cancelled", "paid", 422, "cancelled"),
        ("cancelled", "cancelled", 422, "cancelled"),
        ("cancelled", "unpaid", 422, "cancelled"),
    ],
)
def test_registry_goes_only_along_its_edges(before: str, word: str, answer: int, after: str):
    app = service("registry")
    expect(app)
    if before != "issued":
        assert status(app, before).status_code == 200
    assert status(app, word).status_code == answer
    assert invoice(app)["status"] == after
    assert invoice(app)["credited"] == ("10.00" if after == "paid" else "0.00" if before == "paid" else "0")


def test_registry_does_not_take_back_what_a_gateway_paid():
    app = service("registry")
    expect(app)
    tell(app, "payment_status", news())
    assert status(app, "unpaid").status_code == 422
    assert (invoice(app)["status"], invoice(app)["credited"]) == ("paid", "10.00")


@pytest.mark.parametrize("kind", ["registry", "auction"])
@pytest.mark.parametrize("number", [77, "x", None])
def test_no_invoice_is_made_up_where_a_status_is_set(kind: str, number: Any):
    app = service(kind)
    answer = status(app, "paid", number)
    assert (answer.status_code, answer.json) == (
        404,
        {"error": {"message": f"Invoice with {number} number not found"}},
    )
    assert look(app, "invoices") == []


def test_auction_accepts_every_word_and_pays_once():
    app = service("auction")
    expect(app)
    assert [status(app, word).status_code for word in ("whatever", "paid", "paid")] == [200] * 3
    assert (invoice(app)["status"], invoice(app)["paid_amount"]) == ("paid", "10.00")


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_answers_only_the_routes_it_has(kind: str):
    app = service(kind)
    asked = {route: tell(app, route, {}).status_code for route in ROUTES["registry"]}
    assert {route for route, answer in asked.items() if answer == 404} >= set(asked) - set(ROUTES[kind])
    assert all(asked[route] != 404 or route in {"invoices", "lhv_connect_transactions"} for route in ROUTES[kind])


def test_eeid_has_neither_invoices_nor_bank_nor_e_invoices():
    assert ROUTES["eeid"] == ("payment_status", "directo_response")


def test_a_script_makes_a_service_strict_and_lenient_again():
    app = service("registry")
    assert look(app, "config") == {"strict": False, "calls_back": False}
    assert script(app, "config", {"strict": True}).json == {"strict": True, "calls_back": False}
    assert tell(app, "payment_status", news()).status_code == 500
    assert look(app, "invoices") == []
    script(app, "config", {"strict": False})
    assert tell(app, "payment_status", news()).status_code == 200


@pytest.mark.parametrize(("kind", "answer"), [("registry", 500), ("auction", 500), ("eeid", 204)])
def test_a_strict_service_knows_no_invoice_it_did_not_make(kind: str, answer: int):
    app = service(kind, strict=True)
    assert tell(app, "payment_status", news()).status_code == answer


@pytest.mark.parametrize("body", [{"strict": 1}, {"strikt": True}, {"strict": None}, [], "x"])
def test_a_switch_that_is_none_is_refused(body: Any):
    app = service("registry")
    assert script(app, "config", body).status_code == 400
    assert look(app, "config") == {"strict": False, "calls_back": False}


def test_a_report_can_be_switched_off_by_script():
    with Server(say(http(b"{}"))) as billing:
        app = service("registry", billing.url)
        script(app, "config", {"calls_back": False})
        tell(app, "payment_status", news())
        assert billing.connections == 0


def test_a_service_on_a_real_socket_is_the_same():
    with served(service("registry", strict=True)) as url:
        answer = LOOPBACK.put(f"{url}/eis_billing/payment_status", json=news(), headers=BILLING)
        assert (answer.status_code, answer.json()) == (500, {"error": "Internal Server Error"})
