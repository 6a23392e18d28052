"""The services that listen to us, with the faults of the real ones: what is counted twice there is counted twice here.

Written from what the receivers do (eis.md 10.2, decisions.md 26), not from our client.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from flask import Flask, Response, jsonify, request

from app.integrations import simulator_pages
from app.integrations.fault_dial import Fault, faulty
from app.integrations.initiators import simulator_caller
from app.integrations.initiators.simulator_service import InitiatorConfig, Service, new_invoice

PAID = {"settled", "authorized"}
KINDS = ("registry", "auction", "eeid", "registrar")


def create_simulator(config: InitiatorConfig) -> Flask:
    """Return the service as a WSGI application; `app.extensions["service"]` is its state."""
    app = Flask(__name__)
    service = Service(config)
    app.extensions["service"] = service
    simulator_pages.install(app)
    _register_receiver(app, service)
    _register_script(app, service)
    simulator_caller.register(app, service)
    return app


def _register_receiver(app: Flask, service: Service) -> None:
    @app.put("/eis_billing/payment_status")
    @faulty(service.dial, "payment_status")
    def payment_status() -> Response:
        return _denied(service) or _payment_status(service, _body())

    @app.put("/eis_billing/invoices")
    @faulty(service.dial, "invoices")
    def invoices() -> Response:
        return _denied(service) or _invoices(service, _body())

    @app.put("/eis_billing/directo_response")
    @faulty(service.dial, "directo_response")
    def directo_response() -> Response:
        return _denied(service) or _answer({"messege": "Should return new directo number"})

    @app.put("/eis_billing/e_invoice_response")
    @faulty(service.dial, "e_invoice_response")
    def e_invoice_response() -> Response:
        return _denied(service) or _answer({"message": "Response received"})

    @app.post("/eis_billing/lhv_connect_transactions")
    @faulty(service.dial, "lhv_connect_transactions")
    def lhv_connect_transactions() -> Response:
        return _denied(service) or _transactions(service, json.loads(request.get_data() or b"[]"))


def _payment_status(service: Service, body: dict[str, Any]) -> Response:
    heard = {"registry": _registry_hears, "auction": _auction_hears}.get(service.config.kind, _eeid_hears)
    with service.store.changing():
        response = heard(service, body)
        service.store.note("payment_status", json.dumps(body), response.status_code, response.get_data(as_text=True))
    if service.config.kind == "registry" and service.calls_back and response.status_code == 200:  # noqa: PLR2004
        _call_back(service, str(body.get("order_reference")))
    return response


def _registry_hears(service: Service, body: dict[str, Any]) -> Response:
    """Find by order reference; credit whatever the state says; bind only when the sum is the total (eis.md 10.2.1)."""
    number, sum_ = str(body.get("order_reference")), str(body.get("standing_amount"))
    invoice = service.invoice(number, sum_)
    if invoice is None:
        return _answer({"error": "Internal Server Error"}, 500)
    invoice["told"] += 1
    service.save(invoice)
    if invoice["status"] == "paid":
        return _answer({"message": "Invoice already paid"})
    if _decimal(sum_) == _decimal(invoice["total"]):
        invoice["status"] = "paid"
        invoice["credited"] = str(_decimal(invoice["credited"]) + _decimal(sum_))
        service.save(invoice)
    return _answer({"message": "Payment is proccessing"})


def _auction_hears(service: Service, body: dict[str, Any]) -> Response:
    """Add the amount to what was paid, every time; null means one invoice, an empty list none (eis.md 10.2.1)."""
    collection = body.get("invoice_number_collection")
    numbers = (
        [str(body.get("order_reference"))]
        if collection is None
        else [str(each.get("number")) for each in collection if isinstance(each, dict)]
    )
    for number in numbers:
        invoice = service.invoice(number, str(body.get("initial_amount")))
        if invoice is None or not body.get("transaction_time"):
            return _answer({"error": "Internal Server Error"}, 500)
        invoice["told"] += 1
        if body.get("payment_state") in PAID:
            invoice["paid_amount"] = str(_decimal(invoice["paid_amount"]) + _decimal(str(body["initial_amount"])))
            if _decimal(invoice["paid_amount"]) >= _decimal(invoice["total"]):
                invoice["status"] = "paid"
        service.save(invoice)
    return _answer({"message": "ok"})


def _eeid_hears(service: Service, body: dict[str, Any]) -> Response:
    invoice = service.invoice(str(body.get("order_reference")), str(body.get("initial_amount")))
    if invoice is None:
        return Response(status=204)
    invoice["told"] += 1
    invoice["status"] = "paid" if body.get("payment_state") in PAID else str(body.get("payment_state"))
    invoice["paid_amount"] = str(body.get("initial_amount"))
    service.save(invoice)
    return _answer({"status": "ok"})


def _invoices(service: Service, body: dict[str, Any]) -> Response:
    """Synchronise a status (eis.md 10.2.7): paid only once, unknown words silently accepted by the auction."""
    nested = body.get("invoice") if isinstance(body.get("invoice"), dict) else {}
    number, status = str((nested or {}).get("invoice_number")), body.get("status")
    with service.store.changing():
        invoice = service.invoice(number, str((nested or {}).get("transaction_amount") or "0"))
        if invoice is None:
            response = _answer({"error": {"message": f"Invoice with {number} number not found"}}, 404)
        elif status == "paid" and invoice["status"] != "paid":
            invoice |= {"status": "paid", "paid_amount": invoice["total"]}
            if service.config.kind == "registry":
                invoice["credited"] = str(_decimal(invoice["credited"]) + _decimal(invoice["total"]))
            service.save(invoice)
            response = _answer({"message": "Invoice data was successfully updated"})
        elif service.config.kind == "registry" and status not in {"paid", "cancelled", "unpaid"}:
            response = _answer({"error": {"message": ["You can not change to this status"]}}, 422)
        else:
            if status in {"cancelled", "unpaid"}:
                invoice["status"] = "cancelled" if status == "cancelled" else "issued"
                service.save(invoice)
            response = _answer({"message": "Invoice data was successfully updated"})
        service.store.note("invoices", json.dumps(body), response.status_code, response.get_data(as_text=True))
    return response


def _transactions(service: Service, rows: Any) -> Response:
    """Credit every element, each time it is sent: neither side dedupes (eis.md 10.2.6)."""
    service.store.note("lhv_connect_transactions", json.dumps(rows))
    if not rows:
        if service.config.kind == "auction":
            return _answer({"title": "MISSING PARAMS", "error": "empty"}, 404)
        return _answer({"message": "MISSING PARAMS"}, 422)
    return _answer({"message": "RECEIVED", "params": rows})


def _register_script(app: Flask, service: Service) -> None:
    @app.get("/_sim/received")
    def received() -> Response:
        return jsonify(service.store.exchanges(request.args.get("what", "")))

    @app.route("/_sim/invoices", methods=["GET", "PUT"])
    def kept() -> Response:
        if request.method == "PUT":
            body = request.get_json(force=True)
            service.save(new_invoice(str(body["number"]), str(body["total"])))
        return jsonify(service.store.all("invoice"))

    @app.route("/_sim/faults", methods=["GET", "PUT"])
    def faults() -> Response:
        if request.method == "PUT":
            try:
                service.dial.turn([Fault.read(each) for each in request.get_json(force=True)])
            except (ValueError, TypeError) as fault:
                return _answer({"error": str(fault)}, 400)
        return jsonify(service.dial.shown())


def _denied(service: Service) -> Response | None:
    """Require a token signed with our secret whose initiator is exactly `billing` (eis.md 4)."""
    words = request.headers.get("Authorization", "").split(" ")
    parts = words[1].split(".") if len(words) > 1 else []
    if len(parts) == 3:  # noqa: PLR2004 - header, claims, signature
        signed = f"{parts[0]}.{parts[1]}".encode()
        expected = base64.urlsafe_b64encode(hmac.new(service.config.secret.encode(), signed, hashlib.sha256).digest())
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
        if hmac.compare_digest(expected.rstrip(b"="), parts[2].encode()) and claims.get("initiator") == "billing":
            return None
    return _answer({"message": "Access denied"}, 401)


def _call_back(service: Service, number: str) -> None:
    """Report the invoice paid while billing still waits for our answer, as the real registry does (decisions.md 27)."""
    body = json.dumps({"invoice_number": number, "status": "paid"}).encode()
    call = Request(  # noqa: S310 - the address comes from the configuration
        f"{service.config.billing_url}/api/v1/invoice_generator/invoice_status",
        body,
        {"Authorization": f"Bearer {service.config.token}", "Content-Type": "application/json"},
    )

    def send() -> None:
        try:
            with urlopen(call, timeout=5) as answer:  # noqa: S310
                service.store.note("called back", number, answer.status)
        except (URLError, OSError) as fault:
            service.store.note("called back", number, None, str(fault))

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    thread.join(5)


def _body() -> dict[str, Any]:
    body = json.loads(request.get_data() or b"{}", parse_float=str)
    return body if isinstance(body, dict) else {}


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response
