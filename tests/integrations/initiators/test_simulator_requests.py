"""Whom and what a simulated service believes, and that nothing it is sent breaks it or goes unseen."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.integrations.everypay.test_simulator import BROKEN
from tests.integrations.initiators.test_simulator import (
    BILLING,
    CLAIMS,
    encoded,
    expect,
    invoice,
    look,
    news,
    script,
    service,
    status,
    tell,
    token,
)

if TYPE_CHECKING:
    from flask import Flask

ROW = {
    "amount": 10.0, "currency": "EUR", "date": "2026-01-05", "payment_reference_number": "2199812",
    "payment_description": "x", "end_to_end_id": None,
}  # fmt: skip
BANK = "lhv_connect_transactions"


def test_the_bank_counts_every_time_it_is_sent():
    app = service("registry")
    for _ in range(2):
        assert tell(app, BANK, [ROW]).json["message"] == "RECEIVED"  # type: ignore[index]
    assert look(app, "accounts") == [{"reference": "2199812", "balance": "20.00", "movements": 2}]
    assert len(look(app, "bank_transactions")) == 2
    assert [each["credited"] for each in look(app, "invoices")] == ["10.00", "10.00"]


def test_the_bank_pays_the_oldest_open_invoice_and_then_makes_its_own():
    app = service("registry")
    for number in ("150007", "150006"):
        expect(app, number, reference="2199812")
    expect(app, "150008", total="11.00", reference="2199812")
    expect(app, "150009", reference="2144032")
    tell(app, BANK, [ROW, ROW, ROW])
    states = {each["number"]: each["status"] for each in look(app, "invoices")}
    assert states == {"150007": "paid", "150006": "paid", "150008": "issued", "150009": "issued", "bank-1": "paid"}
    assert look(app, "accounts")[0]["balance"] == "30.00"


def test_the_auction_pays_an_equal_invoice_and_credits_nobody():
    app = service("auction")
    expect(app, reference="2199812")
    for _ in range(2):
        assert tell(app, BANK, [ROW]).status_code == 200
    assert invoice(app)["status"] == "paid"
    assert look(app, "accounts") == []
    assert len(look(app, "bank_transactions")) == 2


@pytest.mark.parametrize("rows", [[ROW, {}], [ROW, 1], [ROW, ROW | {"amount": "x"}], [ROW, ROW | {"amount": -1}]])
def test_of_bad_transactions_none_is_booked(rows: list[Any]):
    app = service("registry")
    assert tell(app, BANK, rows).status_code == 422
    assert look(app, "accounts") == look(app, "bank_transactions") == []


@pytest.mark.parametrize("rows", [[], {}, None, 7])
def test_nothing_from_the_bank_is_refused_in_each_one_s_words(rows: Any):
    assert tell(service("registry"), BANK, rows).json == {"message": "MISSING PARAMS"}
    assert tell(service("auction"), BANK, rows).status_code == 404


SIGNED = token(CLAIMS)
HEAD, BODY, SIGNATURE = SIGNED.split(".")


@pytest.mark.parametrize(
    "given",
    [
        "", "a", "a.b", "a.b.c", "a.b.c.d", "é.é.é", f"{HEAD}.{BODY}.", f"{HEAD}.{BODY}.é",
        f"{HEAD}.{BODY}x.{SIGNATURE}",
        token(b"[]"), token(b"null"), token(b"7"), token(b"{"), token(b"\xff"), token(b"[" * 50_000), token(b""),
        token(b'{"initiator":"billing","exp":1}'), token(b'{"initiator":"billing","exp":"x"}'),
        token(b'{"initiator":"billing","exp":null}'), token(b'{"initiator":"billing","exp":true}'),
        token(b'{"initiator":"billing","nbf":99999999999}'), token(b'{"initiator":["billing"]}'),
        token(b'{"initiator":"registry"}'), token(CLAIMS, secret="other"), token(CLAIMS, b'{"alg":"none"}'),
        token(CLAIMS, b'{"alg":"HS512"}'), token(CLAIMS, b"[]"), token(CLAIMS, b"{"),
        encoded(b'{"alg":"none"}') + f".{BODY}.",
    ],
    ids=lambda given: given[:60],
)  # fmt: skip
def test_nobody_but_billing_is_believed(given: str):
    app = service("registry")
    answer = tell(app, "payment_status", news(), {"Authorization": f"Bearer {given}"})
    assert (answer.status_code, answer.json) == (401, {"message": "Access denied"})
    assert look(app, "invoices") == []


@pytest.mark.parametrize("header", ["", "Bearer", SIGNED, "é"])
def test_without_a_token_nobody_is_believed(header: str):
    assert tell(service("registry"), "payment_status", news(), {"Authorization": header}).status_code == 401


def test_a_token_is_believed_until_it_expires():
    claims = json.dumps({"initiator": "billing", "exp": int(time.time()) + 60, "nbf": 0}).encode()
    for header in (f"Bearer {token(claims)}", f"Anything {SIGNED}"):
        assert tell(service("registry"), "payment_status", news(), {"Authorization": header}).status_code == 200


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("route", ["payment_status", "invoices", "directo_response", "e_invoice_response", BANK])
@pytest.mark.parametrize("kind", ["registry", "auction"])
def test_a_broken_body_is_refused_and_breaks_nothing(kind: str, route: str, body: bytes):
    app = service(kind)
    assert 400 <= tell(app, route, body).status_code < 500
    assert look(app, "invoices") == []


@pytest.mark.parametrize("amount", ["1e400", "1e-400", "NaN", "-1", "0.001", '"x"', "null", "[]", "{}", "true"])
@pytest.mark.parametrize("kind", ["registry", "auction", "eeid"])
def test_what_is_no_amount_is_refused_and_counts_for_nothing(kind: str, amount: str):
    app = service(kind)
    expect(app)
    body = json.dumps(news("AMOUNT")).replace('"AMOUNT"', amount).encode()
    assert 400 <= tell(app, "payment_status", body).status_code < 500
    assert invoice(app)["told"] == 0


@pytest.mark.parametrize("name", ["payment_state", "order_reference", "invoice_number_collection", "transaction_time"])
@pytest.mark.parametrize("value", [[], {}, [1], [{}], "\0", "é", True, None])
@pytest.mark.parametrize("kind", ["registry", "auction", "eeid"])
def test_strange_values_are_answered_in_the_service_s_own_words(kind: str, name: str, value: Any):
    answer = tell(service(kind), "payment_status", news(**{name: value}))
    assert answer.is_json
    assert answer.status_code in {200, 422} or answer.json == {"error": "Internal Server Error"}


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("path", ["invoices", "config", "faults"])
def test_a_broken_script_is_refused(path: str, body: bytes):
    answer = service("registry").test_client().put(f"/_sim/{path}", data=body)
    assert 400 <= answer.status_code < 500 or (path, body) == ("faults", b"[]")


def seen(app: Flask, what: str = "") -> list[tuple[str, int, str | None]]:
    return [(each["what"], each["status"], each["fault"]) for each in look(app, f"received?what={what}")]


def test_every_request_is_written_down_the_refused_ones_too():
    app = service("registry")
    tell(app, "payment_status", news())
    tell(app, "payment_status", news(), {})
    status(app, "paid", 77)
    tell(app, "directo_response", {})
    tell(app, "e_invoice_response", b"{")
    tell(app, BANK, [])
    app.test_client().get("/eis_billing/elsewhere")
    script(app, "faults", [{"operation": "payment_status", "kind": "http"}])
    tell(app, "payment_status", news())
    assert seen(app) == [
        ("PUT /eis_billing/payment_status", 200, None),
        ("PUT /eis_billing/payment_status", 401, None),
        ("PUT /eis_billing/invoices", 404, None),
        ("PUT /eis_billing/directo_response", 200, None),
        ("PUT /eis_billing/e_invoice_response", 400, None),
        ("POST /eis_billing/lhv_connect_transactions", 422, None),
        ("GET /eis_billing/elsewhere", 404, None),
        ("PUT /eis_billing/payment_status", 500, "http"),
    ]
    assert len(seen(app, "payment_status")) == 3


def test_the_request_log_holds_what_was_said_and_answered():
    app = service("auction")
    tell(app, "payment_status", news(10.25))
    (entry,) = look(app, "received")
    assert json.loads(entry["body"])["initial_amount"] == 10.25
    assert json.loads(entry["answer"]) == {"message": "ok"}
    assert BILLING["Authorization"] not in json.dumps(entry)
