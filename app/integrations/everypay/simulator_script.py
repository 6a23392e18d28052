"""How a test or a curious person steers the simulated gateway: `/_sim/...`, all JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request

from app.integrations.everypay.simulator_links import LinkRefused, open_link
from app.integrations.everypay.simulator_pay_pages import EVENTS
from app.integrations.everypay.simulator_shop import HELD
from app.integrations.simulator_pages import page
from app.integrations.simulator_requests import amount_of, read_object, refused

if TYPE_CHECKING:
    from app.integrations.everypay.simulator_shop import Shop

MOST_COPIES = 1000
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

    @app.post("/_sim/pay")
    def pay() -> Response:
        try:
            return _pay(shop, read_object())
        except LinkRefused as fault:
            return refused(f"the link is refused: {fault}")

    @app.post("/_sim/callback")
    def callback() -> Response:
        body = read_object()
        payment, times = _find(shop, body), _times(body)
        if payment is None or times is None:
            return refused("no such payment, or times is not a number from 1")
        shop.sender.send(payment, str(body.get("event_name", "status_updated")), times)
        return jsonify({"sent": times})

    @app.route("/_sim/config", methods=["GET", "PUT"])
    def config() -> Response:
        if request.method == "PUT":
            shop.callback_url = str(read_object().get("callback_url", shop.callback_url))
        return jsonify({"callback_url": shop.callback_url})

    @app.get("/_sim/truth")
    def truth() -> Response:
        return jsonify(_truth(shop))


def _pay(shop: Shop, body: dict[str, Any]) -> Response:
    """Pay, or whatever `state` says: by payment_reference, order_reference or link, announced unless silent."""
    state, method, times = str(body.get("state", "settled")), body.get("method"), _times(body)
    standing = amount_of(body["standing_amount"]) if body.get("standing_amount") is not None else None
    if times is None or method not in {None, "card", "bank"}:
        return refused("times is a number from 1, method is card or bank")
    if standing is None and body.get("standing_amount") is not None:
        return refused("standing_amount is no amount")
    payment = _find(shop, body)
    if payment is None:
        return refused("no such payment: give payment_reference, order_reference or link")
    moved = shop.move(payment["payment_reference"], state, method=method, standing=standing)
    if not body.get("silent"):
        shop.sender.send(moved, EVENTS.get(state, "status_updated"), times)
    return jsonify(moved)


def _times(body: dict[str, Any]) -> int | None:
    times = body.get("times", 1)
    return times if type(times) is int and 1 <= times <= MOST_COPIES else None


def _find(shop: Shop, body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the payment that is meant; a signed link makes a new one. Raises LinkRefused."""
    if "payment_reference" in body:
        return shop.payment(str(body["payment_reference"]))
    if "order_reference" in body:
        return shop.by_order(str(body["order_reference"]))
    try:
        link = urlsplit(str(body.get("link", "")))
    except ValueError:
        return None
    if link.path == "/lp":
        return open_link(shop, link.query)
    return shop.payment(link.path.rpartition("/")[2]) if link.path.startswith("/pay/") else None


def _truth(shop: Shop) -> dict[str, Any]:
    """Return what the gateway holds, to be compared with what the billing system believes.

    captured - refunded - charged_back is what the shop has; `refunds` counts every one of them, the partial too.
    """
    payments = shop.store.all("payment")
    held = [each for each in payments if each["payment_state"] in HELD]
    movements = shop.store.all("movement")
    return {
        "payments": len(payments),
        "settled": sum(each["payment_state"] == "settled" for each in payments),
        "standing": _total(held, "standing_amount"),
        "captured": _total([each for each in movements if each["kind"] == "captured"], "amount"),
        "refunds": sum(each["kind"] == "refunded" for each in movements),
        "refunded": _total([each for each in movements if each["kind"] == "refunded"], "amount"),
        "charged_back": _total([each for each in movements if each["kind"] == "charged_back"], "amount"),
        "callbacks": len(shop.store.exchanges("callback sent")),
        "lost": len(shop.store.exchanges("callback lost")),
    }


def _total(rows: list[dict[str, Any]], column: str) -> str:
    return str(sum((Decimal(each[column]) for each in rows), Decimal("0.00")))
