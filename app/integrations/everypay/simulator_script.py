"""How a test or a curious person steers the simulated gateway: `/_sim/...`, all JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request

from app.integrations.everypay.simulator_pay_pages import EVENTS, open_link
from app.integrations.fault_dial import Fault
from app.integrations.simulator_pages import page

if TYPE_CHECKING:
    from app.integrations.everypay.simulator_shop import Shop

HOME = """
<p>The gateway of a shop. Payments are made by the billing system; a payer opens one and chooses what happens.</p>
<section><h2>Payments</h2>{% if payments %}<table><thead><tr><th>Order</th><th>Amount</th><th>State</th></tr></thead><tbody>
{% for p in payments %}<tr><td><a href="/pay/{{ p.payment_reference }}">{{ p.order_reference }}</a></td>
<td>{{ p.initial_amount }} EUR</td><td>{{ p.payment_state }}</td></tr>{% endfor %}</tbody></table>
{% else %}<p>None yet.</p>{% endif %}</section>
"""


def register(app: Flask, shop: Shop) -> None:
    """Add the scripting interface and the home page."""

    @app.get("/")
    def home() -> Response:
        return page("EveryPay", "Payments", HOME, payments=list(reversed(shop.store.all("payment")))[:50])

    @app.get("/_sim/payments")
    def payments() -> Response:
        return jsonify(shop.store.all("payment"))

    @app.get("/_sim/received")
    def received() -> Response:
        return jsonify(shop.store.exchanges(request.args.get("what", "")))

    @app.post("/_sim/pay")
    def pay() -> Response:
        return _pay(shop, request.get_json(force=True))

    _register_dials(app, shop)


def _register_dials(app: Flask, shop: Shop) -> None:
    @app.post("/_sim/callback")
    def callback() -> Response:
        body = request.get_json(force=True)
        payment = _find(shop, body)
        if payment is None:
            return _refused("no such payment")
        shop.sender.send(payment, body.get("event_name", "status_updated"), int(body.get("times", 1)))
        return jsonify({"sent": body.get("times", 1)})

    @app.route("/_sim/config", methods=["GET", "PUT"])
    def config() -> Response:
        if request.method == "PUT":
            shop.callback_url = request.get_json(force=True).get("callback_url", shop.callback_url)
        return jsonify({"callback_url": shop.callback_url})

    @app.route("/_sim/faults", methods=["GET", "PUT"])
    def faults() -> Response:
        if request.method == "PUT":
            try:
                shop.dial.turn([Fault.read(each) for each in request.get_json(force=True)])
            except (ValueError, TypeError) as fault:
                return _refused(str(fault))
        return jsonify(shop.dial.shown())

    @app.get("/_sim/truth")
    def truth() -> Response:
        return jsonify(_truth(shop))


def _pay(shop: Shop, body: dict[str, Any]) -> Response:
    """Pay, or whatever `state` says: by payment_reference, order_reference or link, announced unless silent."""
    payment = _find(shop, body)
    state = body.get("state", "settled")
    if payment is None:
        return _refused("no such payment: give payment_reference, order_reference or link")
    standing = body.get("standing_amount")
    moved = shop.move(
        payment["payment_reference"],
        state,
        method=body.get("method", "card"),
        standing=Decimal(str(standing)) if standing is not None else None,
    )
    if not body.get("silent"):
        shop.sender.send(moved, EVENTS.get(state, "status_updated"), int(body.get("times", 1)))
    return jsonify(moved)


def _find(shop: Shop, body: dict[str, Any]) -> dict[str, Any] | None:
    if "payment_reference" in body:
        return shop.payment(str(body["payment_reference"]))
    if "order_reference" in body:
        return shop.by_order(str(body["order_reference"]))
    link = urlsplit(str(body.get("link", "")))
    if link.path == "/lp":
        return open_link(shop, link.query)
    return shop.payment(link.path.rpartition("/")[2]) if link.path.startswith("/pay/") else None


def _truth(shop: Shop) -> dict[str, Any]:
    """Return what the gateway holds, to be compared with what the billing system believes."""
    payments = shop.store.all("payment")
    held = [each for each in payments if each["payment_state"] in {"settled", "refunded"}]
    return {
        "payments": len(payments),
        "settled": sum(each["payment_state"] == "settled" for each in payments),
        "standing": str(sum((Decimal(each["standing_amount"]) for each in held), Decimal(0))),
        "refunds": len(shop.store.all("refund")),
        "callbacks": len(shop.store.exchanges("callback sent")),
        "lost": len(shop.store.exchanges("callback lost")),
    }


def _refused(why: str) -> Response:
    response = jsonify({"error": why})
    response.status_code = 400
    return response
