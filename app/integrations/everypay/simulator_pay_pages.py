"""What a payer sees: the hosted page of a payment, and the page of a signed link."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from flask import Response, redirect, request

from app.integrations.simulator_pages import page

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

    from app.integrations.everypay.simulator_shop import Shop

OWNER = "EveryPay"
# State, what the button says, the event that is announced.
OUTCOMES = (
    ("settled", "Pay", "status_updated"),
    ("failed", "Fail", "status_updated"),
    ("abandoned", "Abandon", "abandoned"),
    ("waiting_for_sca", "Wait for bank confirmation", "status_updated"),
    ("waiting_for_3ds_response", "Wait for 3-D Secure", "status_updated"),
    ("confirmed_3ds", "Confirm 3-D Secure", "status_updated"),
    ("sent_for_processing", "Send for processing", "status_updated"),
    ("authorised", "Authorise only", "marked_for_capture"),
    ("voided", "Void", "voided"),
    ("refunded", "Refund in full", "refunded"),
    ("chargebacked", "Charge back", "chargebacked"),
    ("teleported", "A state nobody knows", "status_updated"),
)
EVENTS = {state: event for state, _, event in OUTCOMES}
PAY = """
<section><dl><dt>Merchant</dt><dd>{{ p.account_name }}</dd><dt>Order</dt><dd>{{ p.order_reference }}</dd>
<dt>Amount</dt><dd><strong>{{ p.initial_amount }} EUR</strong></dd><dt>State</dt><dd id="state">{{ p.payment_state }}</dd></dl></section>
{% for method, label in (("card", "Card"), ("bank", "Bank link")) %}
<section><h2>{{ label }}</h2><form method="post" action="/pay/{{ p.payment_reference }}">
<input type="hidden" name="method" value="{{ method }}"><div class="row">
{% for state, words, event in outcomes %}<button name="state" value="{{ state }}"
{% if loop.first %}class="main"{% endif %}>{{ words }} by {{ label|lower }}</button>{% endfor %}</div></form></section>
{% endfor %}
{% if p.customer_url %}<p><a href="{{ back }}">Back to the merchant</a></p>{% endif %}
"""


def register(app: Flask, shop: Shop) -> None:
    """Add the payer's pages."""

    @app.get("/pay/<reference>")
    def show(reference: str) -> Response:
        payment = shop.payment(reference)
        if payment is None:
            return page(OWNER, "There is no such payment", "<p>Ask the merchant for a new link.</p>", status=404)
        return page(OWNER, "Choose how to pay", PAY, p=payment, outcomes=OUTCOMES, back=_back(payment))

    @app.post("/pay/<reference>")
    def choose(reference: str) -> BaseResponse:
        state = request.form.get("state", "")
        if shop.payment(reference) is None or state not in EVENTS:
            return page(OWNER, "That cannot be chosen", "<p>Go back and choose again.</p>", status=400)
        payment = shop.move(reference, state, method=request.form.get("method", "card"))
        shop.sender.send(payment, EVENTS[state])
        if not payment["customer_url"]:
            return redirect(f"/pay/{reference}", 303)
        return redirect(_back(payment), 303)

    @app.get("/lp")
    def linkpay() -> BaseResponse:
        payment = open_link(shop, request.query_string.decode("ascii", errors="replace"))
        if payment is None:
            return page(OWNER, "This link is not valid", "<p>Its signature is wrong: ask the merchant.</p>", status=403)
        return redirect(f"/pay/{payment['payment_reference']}", 303)


def _back(payment: dict[str, Any]) -> str:
    url: str = payment["customer_url"] or ""
    said = urlencode({"payment_reference": payment["payment_reference"], "order_reference": payment["order_reference"]})
    return f"{url}{'&' if '?' in url else '?'}{said}"


def open_link(shop: Shop, query: str) -> dict[str, Any] | None:
    """Check the signature over the query exactly as it came, then make the payment the link describes.

    Returns None when the link is not one of this shop's.
    """
    signed, _, given = query.rpartition("&hmac=")
    expected = hmac.new(shop.config.key.encode(), signed.encode(), hashlib.sha256).hexdigest()
    pairs = [part.partition("=") for part in signed.split("&")]
    names = [name for name, _, _ in pairs]
    if not hmac.compare_digest(expected.encode(), given.encode()) or names != sorted(names):
        return None
    fields = {unquote(name): unquote(value) for name, _, value in pairs}
    amount = _decimal(fields.get("transaction_amount", ""))
    if fields.get("linkpay_token") != shop.config.linkpay_token or amount is None:
        return None
    return shop.make(
        fields["order_reference"],
        amount,
        "",
        linkpay_customer_data={
            key: fields.get(key, "") for key in ("customer_name", "custom_field_1", "custom_field_2")
        },
        email=fields.get("customer_email") or None,
    )


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
