"""How a test or a curious person steers a simulated service: `/_sim/...`, all JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, request

from app.integrations.initiators.simulator_service import new_invoice
from app.integrations.simulator_requests import amount_of, read_object, refused

if TYPE_CHECKING:
    from app.integrations.initiators.simulator_service import Service

# What can be looked at, by path, and the kind of document it is.
SHOWN = {"accounts": "account", "bank_transactions": "bank_transaction", "participants": "participant"}
SWITCHES = ("strict", "calls_back")


def register(app: Flask, service: Service) -> None:
    """Add the scripting interface."""

    @app.route("/_sim/invoices", methods=["GET", "PUT"])
    def invoices() -> Response:
        if request.method == "PUT":
            body = read_object()
            if not body.get("number") or amount_of(body.get("total")) is None:
                return refused("number and total are needed")
            service.save(new_invoice(str(body["number"]), str(body["total"]), str(body.get("reference", ""))))
        return jsonify(service.store.all("invoice"))

    @app.get("/_sim/<any(accounts, bank_transactions, participants):what>")
    def shown(what: str) -> Response:
        return jsonify(service.store.all(SHOWN[what]))

    @app.route("/_sim/config", methods=["GET", "PUT"])
    def config() -> Response:
        if request.method == "PUT":
            body = read_object()
            if set(body) - set(SWITCHES) or not all(isinstance(value, bool) for value in body.values()):
                return refused(f"{' and '.join(SWITCHES)} are true or false")
            service.strict = body.get("strict", service.strict)
            service.calls_back = body.get("calls_back", service.calls_back)
        return jsonify({name: getattr(service, name) for name in SWITCHES})
