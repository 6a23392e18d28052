"""The services that listen to us, with the faults of the real ones: what is counted twice there is counted twice here.

Written from what the receivers do (eis.md 10.2, decisions.md 26), not from our client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request

from app.integrations import simulator_faults, simulator_pages, simulator_requests
from app.integrations.initiators import simulator_caller, simulator_script
from app.integrations.initiators.simulator_bank import receive
from app.integrations.initiators.simulator_identity import is_billing
from app.integrations.initiators.simulator_news import Heard, hear
from app.integrations.initiators.simulator_report import report_paid
from app.integrations.initiators.simulator_service import InitiatorConfig, Service
from app.integrations.initiators.simulator_synchronise import synchronise
from app.integrations.simulator_faults import faulty
from app.integrations.simulator_requests import read_json, read_object

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("registry", "auction", "eeid", "registrar")
# Which routes a service really has (eis.md 10.2); everything else is 404 there.
ROUTES = {
    "registry": ("payment_status", "invoices", "directo_response", "e_invoice_response", "lhv_connect_transactions"),
    "auction": ("payment_status", "invoices", "directo_response", "e_invoice_response", "lhv_connect_transactions"),
    "eeid": ("payment_status", "directo_response"),
    "registrar": (),
}


def create_simulator(config: InitiatorConfig) -> Flask:
    """Return the service as a WSGI application; `app.extensions["service"]` is its state."""
    app = Flask(__name__)
    service = Service(config)
    app.extensions["service"] = service
    simulator_pages.install(app)
    simulator_requests.install(app, service.store)
    simulator_faults.install(app, service.dial)
    for route in ROUTES[config.kind]:
        _register(app, service, route)
    simulator_script.register(app, service)
    simulator_caller.register(app, service)
    return app


def _register(app: Flask, service: Service, route: str) -> None:
    @faulty(service.dial, route)
    def view() -> Response:
        if not is_billing(request.headers.get("Authorization", ""), service.config.secret):
            return _answer(Heard(401, {"message": "Access denied"}))
        heard = DOES[route](service)
        # Nothing is locked any more: billing may ask us while it waits for this answer.
        if service.config.kind == "registry" and service.calls_back:
            for number in heard.bound:
                report_paid(service, number)
        return _answer(heard)

    method = "POST" if route == "lhv_connect_transactions" else "PUT"
    app.add_url_rule(f"/eis_billing/{route}", f"hear_{route}", view, methods=[method])


def _directo_response(_: Service) -> Heard:
    read_object()
    return Heard(200, {"messege": "Should return new directo number"})


def _e_invoice_response(_: Service) -> Heard:
    read_object()
    return Heard(200, {"message": "Response received"})


DOES: dict[str, Callable[[Service], Heard]] = {
    "payment_status": lambda service: hear(service, read_object()),
    "invoices": lambda service: synchronise(service, read_object()),
    "directo_response": _directo_response,
    "e_invoice_response": _e_invoice_response,
    "lhv_connect_transactions": lambda service: receive(service, read_json()),
}


def _answer(heard: Heard) -> Response:
    if heard.body is None:
        return Response(status=heard.status)
    response = jsonify(_plain(heard.body))
    response.status_code = heard.status
    return response


def _plain(body: Any) -> Any:
    """Return the body with texts where it had exact numbers."""
    if isinstance(body, dict):
        return {key: _plain(value) for key, value in body.items()}
    if isinstance(body, list):
        return [_plain(each) for each in body]
    return body if isinstance(body, str | int | bool | None) else str(body)
