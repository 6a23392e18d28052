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
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, jsonify, request

from app.integrations import simulator_faults, simulator_pages, simulator_requests
from app.integrations.everypay import simulator_pay_pages, simulator_script
from app.integrations.everypay.simulator_rules import WRONG_CLOCK, change_fault, oneoff_fault
from app.integrations.everypay.simulator_shop import HELD, EveryPayConfig, Shop, now
from app.integrations.simulator_faults import faulty
from app.integrations.simulator_requests import Unreadable, amount_of, read_object

if TYPE_CHECKING:
    from collections.abc import Callable

API = "/api/v4"
# What the dial can do to the answers about payments, by operation.
LIES = {
    "create": ("wrong_amount", "foreign_account", "unknown_state"),
    "fetch": ("wrong_amount", "foreign_account", "unknown_state"),
    "refund": ("wrong_amount", "foreign_account", "unknown_state"),
}


CLOCK = ("wrong_clock",)


def create_simulator(config: EveryPayConfig) -> Flask:
    """Return the gateway as a WSGI application; `app.extensions["shop"]` is its state."""
    app = Flask(__name__)
    shop = Shop(config)
    app.extensions["shop"] = shop
    simulator_pages.install(app)
    simulator_requests.install(app, shop.store, strip=API)
    simulator_faults.install(app, shop.dial)
    for operation, kinds in LIES.items():
        shop.dial.offer(operation, kinds)
    _register_api(app, shop)
    simulator_pay_pages.register(app, shop)
    simulator_script.register(app, shop)
    return app


def _register_api(app: Flask, shop: Shop) -> None:
    def post(name: str, operation: str, do: Callable[[Shop, dict[str, Any]], Response]) -> None:
        @faulty(shop.dial, operation)
        def view() -> Response:
            return _check_credentials(shop) or _find_clock_wrong(shop, operation) or _do(shop, do)

        shop.dial.offer(operation, CLOCK)
        app.add_url_rule(f"{API}/payments/{name}", f"payments_{name}", view, methods=["POST"])

    post("oneoff", "create", _oneoff)
    post("refund", "refund", _refund)
    post("void", "void", _void)
    post("capture", "capture", _capture)

    @app.get(f"{API}/payments/<reference>")
    @faulty(shop.dial, "fetch")
    def fetch(reference: str) -> Response:
        return _check_credentials(shop) or _fetch(shop, reference)


def _find_clock_wrong(shop: Shop, operation: str) -> Response | None:
    fault = shop.dial.take(operation, CLOCK)
    if fault is None:
        return None
    g.injected_fault = fault.kind
    return _error(*WRONG_CLOCK)


def _do(shop: Shop, do: Callable[[Shop, dict[str, Any]], Response]) -> Response:
    try:
        return do(shop, read_object())
    except Unreadable as fault:
        return _error(400, 4001, str(fault))


def _fetch(shop: Shop, reference: str) -> Response:
    if request.args.get("api_username") != shop.config.api_username:
        return _error(422, 4024, "api_username is required")
    payment = shop.payment(reference)
    if payment is None:
        return _error(404, 4040, "Payment not found")
    return _answer(shop, "fetch", payment)


def _oneoff(shop: Shop, body: dict[str, Any]) -> Response:
    with shop.store.changing():
        fault = oneoff_fault(shop, body)
        if fault:
            return _error(*fault)
        amount = amount_of(body["amount"]) or Decimal("0.00")
        payment = shop.make(str(body["order_reference"]), amount, body["customer_url"])
        _use_nonce(shop, body)
    return _answer(shop, "create", payment, 201)


def _refund(shop: Shop, body: dict[str, Any]) -> Response:
    with shop.store.changing():
        fault = change_fault(shop, body, frozenset({"amount"}))
        if fault:
            return _error(*fault)
        payment, amount = _payment(shop, body), amount_of(body["amount"])
        standing = Decimal(payment["standing_amount"])
        if "_ob_" in (payment["payment_method"] or ""):
            return _error(422, 4037, "Open banking payments cannot be refunded")
        if payment["payment_state"] not in HELD or amount is None or not 0 < amount <= standing:
            return _error(422, 4013, "The amount cannot be refunded")
        _use_nonce(shop, body)
        moved = shop.move(payment["payment_reference"], "refunded", standing=standing - amount)
    shop.sender.send(moved, "refunded")
    return _answer(shop, "refund", moved, 201)


def _void(shop: Shop, body: dict[str, Any]) -> Response:
    with shop.store.changing():
        fault = change_fault(shop, body) or _not_authorised(_payment(shop, body), "voided")
        if fault:
            return _error(*fault)
        _use_nonce(shop, body)
        moved = shop.move(str(body["payment_reference"]), "voided")
    shop.sender.send(moved, "voided")
    return _answer(shop, "void", moved, 201)


def _capture(shop: Shop, body: dict[str, Any]) -> Response:
    """Take the money that was authorised, or a part of it."""
    with shop.store.changing():
        fault = change_fault(shop, body, frozenset({"amount"})) or _not_authorised(_payment(shop, body), "captured")
        if fault:
            return _error(*fault)
        amount = amount_of(body["amount"])
        if amount is None or not 0 < amount <= Decimal(_payment(shop, body)["standing_amount"]):
            return _error(422, 4013, "The amount cannot be captured")
        _use_nonce(shop, body)
        moved = shop.move(str(body["payment_reference"]), "settled", standing=amount)
    shop.sender.send(moved, "status_updated")
    return _answer(shop, "capture", moved, 201)


def _payment(shop: Shop, body: dict[str, Any]) -> dict[str, Any]:
    """Return a payment that is known to be there."""
    payment = shop.payment(str(body["payment_reference"]))
    if payment is None:
        raise KeyError(body["payment_reference"])
    return payment


def _not_authorised(payment: dict[str, Any], to: str) -> tuple[int, int, str] | None:
    state = payment["payment_state"]
    return None if state in {"authorised", "authorized"} else (422, 4014, f"A payment that is {state} cannot be {to}")


def _use_nonce(shop: Shop, body: dict[str, Any]) -> None:
    shop.store.put("nonce", str(body["nonce"]), {"at": now()})


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


def _answer(shop: Shop, operation: str, payment: dict[str, Any], status: int = 200) -> Response:
    """Answer a payment, or what the dial makes of it; amounts are numbers on this wire."""
    text = json.dumps(_spoiled(shop, operation, payment))
    for key in ("initial_amount", "standing_amount"):
        text = re.sub(rf'("{key}": )"(-?[0-9.]+)"', r"\1\2", text)
    return Response(text, status, mimetype="application/json")


def _spoiled(shop: Shop, operation: str, payment: dict[str, Any]) -> dict[str, Any]:
    fault = shop.dial.take(operation, LIES.get(operation, ()))
    if fault is None:
        return payment
    g.injected_fault = fault.kind
    if fault.kind == "wrong_amount":
        wrong = {key: str(Decimal(payment[key]) - Decimal("0.01")) for key in ("initial_amount", "standing_amount")}
        return payment | wrong
    if fault.kind == "foreign_account":
        return payment | {"account_name": "EUR3D9"}
    return payment | {"payment_state": "teleported"}


def _error(status: int, code: int, message: str) -> Response:
    response = jsonify({"error": {"code": code, "message": message}})
    response.status_code = status
    return response
