"""What a payer sees: the hosted page of a payment, and the page of a signed link; and what the shop can do later."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Response, redirect, request

from app.integrations.everypay.simulator_links import LinkRefused, open_link
from app.integrations.everypay.simulator_shop import GIVEN_BACK, HELD, NOTHING
from app.integrations.simulator_pages import page
from app.integrations.simulator_requests import amount_of

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

    from app.integrations.everypay.simulator_shop import Shop

OWNER = "EveryPay"
# The event that is announced with a state; status_updated unless it is here.
EVENTS = {
    "abandoned": "abandoned",
    "authorised": "marked_for_capture",
    "authorized": "marked_for_capture",
    "voided": "voided",
    "refunded": "refunded",
    "partially_refunded": "refunded",
    "chargebacked": "chargebacked",
    "charged_back": "chargebacked",
}
# Heading, method, and what the buttons say: state and words. The first is the main one where there is a method.
PAYER_CHOICES = (
    (
        "By card",
        "card",
        (
            ("settled", "Pay by card"),
            ("failed", "Fail by card"),
            ("waiting_for_3ds_response", "Stop at 3-D Secure"),
            ("confirmed_3ds", "Pass 3-D Secure and stop there"),
            ("authorised", "Only authorise the amount"),
            ("authorized", "Only authorise it, spelt with a z"),
        ),
    ),
    (
        "By bank link",
        "bank",
        (
            ("settled", "Pay by bank link"),
            ("failed", "Fail by bank link"),
            ("waiting_for_sca", "Stop before confirming in the bank"),
            ("sent_for_processing", "Confirm, and let the bank take its time"),
        ),
    ),
    (
        "Without paying",
        "",
        (
            ("initial", "Begin anew, nothing chosen"),
            ("abandoned", "Leave without paying"),
            ("voided", "Void the authorisation"),
            ("teleported", "Report a state nobody knows"),
        ),
    ),
)
AFTERWARDS = (
    ("refunded", "Refund everything"),
    ("chargebacked", "Charge back everything"),
    ("charged_back", "Take everything back as charged_back"),
)
PARTS = (("refunded", "Refund this part"), ("partially_refunded", "Give it back as partially_refunded"))
STATES = {
    state for choices in (*(each for _, _, each in PAYER_CHOICES), AFTERWARDS, PARTS) for state, _words in choices
}
PAY = """
<section><dl><dt>Merchant</dt><dd>{{ p.account_name }}</dd><dt>Order</dt><dd>{{ p.order_reference }}</dd>
<dt>Amount</dt><dd><strong>{{ p.initial_amount }} EUR</strong></dd>
{% if p.standing_amount != p.initial_amount %}<dt>Left after refunds</dt><dd>{{ p.standing_amount }} EUR</dd>{% endif %}
<dt>State</dt><dd id="state">{{ p.payment_state }}</dd></dl></section>
{% for heading, method, buttons in choices %}
<section><h2>{{ heading }}</h2><form method="post" action="/pay/{{ p.payment_reference }}">
{% if method %}<input type="hidden" name="method" value="{{ method }}">{% endif %}<div class="row">
{% for state, words in buttons %}<button name="state" value="{{ state }}"{% if loop.first and method %} class="main"{% endif %}>{{ words }}</button>
{% endfor %}</div></form></section>
{% endfor %}
<section><h2>After it was paid</h2>{% if not refundable %}<p>Only money that was paid can be given back.</p>{% endif %}
<form method="post" action="/pay/{{ p.payment_reference }}"><div class="row">
{% for state, words in afterwards %}<button name="state" value="{{ state }}">{{ words }}</button>
{% endfor %}</div></form>
<form method="post" action="/pay/{{ p.payment_reference }}"><div class="row">
<label>A part, in EUR <input name="amount" inputmode="decimal" size="9" required pattern="[0-9]+(\\.[0-9]{1,2})?"></label>
{% for state, words in parts %}<button name="state" value="{{ state }}">{{ words }}</button>
{% endfor %}</div></form></section>
{% if p.customer_url %}<p><a href="{{ back }}">Back to the merchant</a></p>{% endif %}
"""
NOT_NOW = """<p>{{ why }}</p><p><a href="/pay/{{ reference }}">Back to the payment</a></p>"""
REFUSED = """<p>{{ why }} Ask the merchant for a new link.</p>"""


def register(app: Flask, shop: Shop) -> None:
    """Add the payer's pages."""

    @app.get("/pay/<reference>")
    def show(reference: str) -> Response:
        payment = shop.payment(reference)
        if payment is None:
            return page(OWNER, "There is no such payment", "<p>Ask the merchant for a new link.</p>", status=404)
        return page(
            OWNER,
            "Choose how to pay" if payment["payment_state"] == "initial" else "Choose what happens next",
            PAY,
            p=payment,
            choices=PAYER_CHOICES,
            afterwards=AFTERWARDS,
            parts=PARTS,
            refundable=_is_refundable(payment),
            back=_back(payment),
        )

    @app.post("/pay/<reference>")
    def choose(reference: str) -> BaseResponse:
        return _choose(shop, reference, request.form.get("state", ""))

    @app.get("/lp")
    def linkpay() -> BaseResponse:
        try:
            payment = open_link(shop, request.query_string.decode("ascii", errors="replace"))
        except LinkRefused as fault:
            return page(OWNER, "This link is not valid", REFUSED, why=str(fault), status=403)
        return redirect(f"/pay/{payment['payment_reference']}", 303)


def _choose(shop: Shop, reference: str, state: str) -> BaseResponse:
    with shop.store.changing():
        payment = shop.payment(reference)
        if payment is None or state not in STATES:
            return page(OWNER, "That cannot be chosen", "<p>Go back and choose again.</p>", status=400)
        standing = None
        if state in GIVEN_BACK:
            standing = _left(payment, request.form.get("amount"))
            if standing is None:
                why = "There must be money that was paid, and no more can be given back than is left of it."
                return page(OWNER, "That cannot be given back", NOT_NOW, why=why, reference=reference, status=409)
        method = request.form.get("method")
        moved = shop.move(reference, state, method=method if method in {"card", "bank"} else None, standing=standing)
    shop.sender.send(moved, EVENTS.get(state, "status_updated"))
    return redirect(_back(moved) if moved["customer_url"] else f"/pay/{reference}", 303)


def _is_refundable(payment: dict[str, Any]) -> bool:
    return payment["payment_state"] in HELD and Decimal(payment["standing_amount"]) > 0


def _left(payment: dict[str, Any], amount: str | None) -> Decimal | None:
    """Return what is left after this amount, or everything, went back; None when it cannot."""
    if not _is_refundable(payment):
        return None
    if amount is None:
        return NOTHING
    given, standing = amount_of(amount.strip()), Decimal(payment["standing_amount"])
    return standing - given if given is not None and 0 < given <= standing else None


def _back(payment: dict[str, Any]) -> str:
    url: str = payment["customer_url"] or ""
    said = urlencode({"payment_reference": payment["payment_reference"], "order_reference": payment["order_reference"]})
    return f"{url}{'&' if '?' in url else '?'}{said}"
