"""The other side of EveryPay: API v4, its payment pages, its callbacks, and a dial for its faults.

Written from the vendor's interface (eis.md 9.1, protocols.md 1) and not from our adapter: a misunderstanding of ours
must not be repeated here.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Flask, Response, jsonify, request

from app.integrations import simulator_pages
from app.integrations.everypay import simulator_pay_pages, simulator_script
from app.integrations.everypay.simulator_shop import EveryPayConfig, Shop, now
from app.integrations.fault_dial import Fault, faulty

ORDER = re.compile(r"[a-zA-Z0-9/\-?:().,'+ ]{1,120}")
CLOCK_WINDOW = timedelta(minutes=5)


def create_simulator(config: EveryPayConfig) -> Flask:
    """Return the gateway as a WSGI application; `app.extensions["shop"]` is its state."""
    app = Flask(__name__)
    shop = Shop(config)
    app.extensions["shop"] = shop
    simulator_pages.install(app)
    _register_api(app, shop)
    simulator_pay_pages.register(app, shop)
    simulator_script.register(app, shop)
    return app


def _register_api(app: Flask, shop: Shop) -> None:
    @app.post("/api/v4/payments/oneoff")
    @faulty(shop.dial, "create")
    def oneoff() -> Response:
        refused = _check_credentials(shop)
        return refused or _oneoff(shop, _body())

    @app.get("/api/v4/payments/<reference>")
    @faulty(shop.dial, "fetch")
    def fetch(reference: str) -> Response:
        refused = _check_credentials(shop)
        if refused:
            return refused
        if request.args.get("api_username") != shop.config.api_username:
            return _error(422, 4024, "api_username is required")
        payment = shop.payment(reference)
        shop.store.note(f"GET /payments/{reference}", request.query_string.decode())
        if payment is None:
            return _error(404, 4040, "Payment not found")
        return _answer(_spoiled(shop, payment))

    @app.post("/api/v4/payments/refund")
    @faulty(shop.dial, "refund")
    def refund() -> Response:
        refused = _check_credentials(shop)
        return refused or _refund(shop, _body())

    @app.post("/api/v4/payments/void")
    @faulty(shop.dial, "void")
    def void() -> Response:
        refused = _check_credentials(shop)
        return refused or _change(shop, _body(), {"authorised"}, "voided")

    @app.post("/api/v4/payments/capture")
    @faulty(shop.dial, "capture")
    def capture() -> Response:
        refused = _check_credentials(shop)
        return refused or _change(shop, _body(), {"authorised"}, "settled")


def _oneoff(shop: Shop, body: dict[str, Any]) -> Response:
    fault = _oneoff_fault(shop, body)
    if fault:
        shop.store.note("POST /payments/oneoff", json.dumps(body, default=str), 422, fault[1])
        return _error(422, *fault)
    payment = shop.make(str(body["order_reference"]), _amount(body["amount"]) or Decimal(0), body["customer_url"])
    shop.store.put("nonce", str(body["nonce"]), {"at": now()})
    shop.store.note("POST /payments/oneoff", json.dumps(body, default=str), 201, payment["payment_reference"])
    return _answer(payment, 201)


def _oneoff_fault(shop: Shop, body: dict[str, Any]) -> tuple[int, str] | None:  # noqa: PLR0911 - one line per rule
    missing = {"api_username", "account_name", "amount", "order_reference", "nonce", "timestamp", "customer_url"} - set(
        body
    )
    if missing:
        return 4000, f"Missing parameters: {', '.join(sorted(missing))}"
    if body["api_username"] != shop.config.api_username or body["account_name"] != shop.config.account_name:
        return 4002, "Account not found"
    if shop.store.get("nonce", str(body["nonce"])):
        return 4025, "The nonce was used before"
    if not _in_time(str(body["timestamp"])):
        return 4997, "The timestamp is not valid"
    amount = _amount(body["amount"])
    if amount is None or amount < 0 or amount > Decimal(7000000):
        return 4010, "The amount is not valid"
    if not ORDER.fullmatch(str(body["order_reference"])):
        return 4011, "The order reference is not valid"
    if shop.config.unique_orders and shop.by_order(str(body["order_reference"])):
        return 4036, "The order reference was used before"
    return None


def _refund(shop: Shop, body: dict[str, Any]) -> Response:
    with shop.store.changing():
        payment = shop.payment(str(body.get("payment_reference")))
        amount = _amount(body.get("amount"))
        if payment is None:
            return _error(404, 4040, "Payment not found")
        if not _in_time(str(body.get("timestamp"))):
            return _error(422, 4997, "The timestamp is not valid")
        if payment["payment_method"] and "_ob_" in payment["payment_method"]:
            return _error(422, 4037, "Open banking payments cannot be refunded")
        standing = Decimal(payment["standing_amount"])
        if payment["payment_state"] not in {"settled", "refunded"} or amount is None or not 0 < amount <= standing:
            return _error(422, 4013, "The amount cannot be refunded")
        moved = shop.move(payment["payment_reference"], "refunded", standing=standing - amount)
        key = str(body.get("nonce"))
        shop.store.put("refund", key, {"payment_reference": payment["payment_reference"], "amount": str(amount)})
    shop.sender.send(moved, "refunded")
    return _answer(moved, 201)


def _change(shop: Shop, body: dict[str, Any], from_states: set[str], to: str) -> Response:
    payment = shop.payment(str(body.get("payment_reference")))
    if payment is None:
        return _error(404, 4040, "Payment not found")
    if payment["payment_state"] not in from_states:
        return _error(422, 4014, f"A payment that is {payment['payment_state']} cannot be {to}")
    return _answer(shop.move(payment["payment_reference"], to), 201)


def _check_credentials(shop: Shop) -> Response | None:
    """Basic authentication with the standard alphabet (RFC 7617)."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    expected = f"{shop.config.api_username}:{shop.config.key}".encode()
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        given = b""
    if scheme.lower() != "basic" or not hmac.compare_digest(given, expected):
        return _error(401, 4001, "Invalid credentials")
    return None


def _spoiled(shop: Shop, payment: dict[str, Any]) -> dict[str, Any]:
    """Let the dial change what is told about a payment."""
    fault: Fault | None = shop.dial.take("fetch", ("wrong_amount", "foreign_account", "unknown_state"))
    if fault is None:
        return payment
    if fault.kind == "wrong_amount":
        wrong = str(Decimal(payment["initial_amount"]) - Decimal("0.01"))
        return payment | {"initial_amount": wrong, "standing_amount": wrong}
    if fault.kind == "foreign_account":
        return payment | {"account_name": "EUR3D9"}
    return payment | {"payment_state": "teleported"}


def _body() -> dict[str, Any]:
    body = json.loads(request.get_data() or b"{}", parse_float=Decimal)
    return body if isinstance(body, dict) else {}


def _amount(value: Any) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount.quantize(Decimal("0.01")) if amount == amount.quantize(Decimal("0.01")) else None


def _in_time(text: str) -> bool:
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return False
    return then.tzinfo is not None and abs(datetime.now(UTC) - then) <= CLOCK_WINDOW


def _answer(payment: dict[str, Any], status: int = 200) -> Response:
    """Answer a payment; amounts are numbers on this wire."""
    text = json.dumps(payment)
    for key in ("initial_amount", "standing_amount"):
        text = re.sub(rf'("{key}": )"([0-9.]+)"', r"\1\2", text)
    return Response(text, status, mimetype="application/json")


def _error(status: int, code: int, message: str) -> Response:
    response = jsonify({"error": {"code": code, "message": message}})
    response.status_code = status
    return response
