"""The service as a caller of billing: a person starts the flows of eis.md 10.1 with buttons and comes back here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from flask import Flask, Response, redirect, request

from app.integrations.simulator_pages import page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from app.integrations.initiators.simulator_service import Service

HOME = """
<p>This service asks billing for numbers, links and payments, and hears when it was paid.</p>
{% if kind != "registrar" %}<section><h2>New invoice</h2><form method="post" action="/new"><div class="row">
<label>Amount in EUR <input name="amount" value="120.00" inputmode="decimal" required></label>
<button class="main">New invoice</button></div></form></section>{% endif %}
<section><h2>Invoices</h2>{% if invoices %}<table><thead><tr><th>Number</th><th>Total</th><th>State</th><th>Pay</th></tr></thead><tbody>
{% for i in invoices %}<tr><td>{{ i.number }}</td><td>{{ i.total }}</td><td>{{ i.status }}</td><td>
{% if i.link %}<a href="{{ i.link }}">Pay by link</a>{% endif %}
<form method="post" action="/pay_now"><input type="hidden" name="number" value="{{ i.number }}"><button>Pay {{ i.number }} now</button></form>
</td></tr>{% endfor %}</tbody></table>{% else %}<p>None yet.</p>{% endif %}</section>
"""
BACK = """
<p>The payer is back. Billing was asked to look at payment <code>{{ reference }}</code>.</p>
<p id="answer">It answered {{ status }}.</p><p><a href="/">To the invoices</a></p>
"""
WRONG = """<p>{{ answer }}</p><p><a href="/">To the invoices</a></p>"""


def register(app: Flask, service: Service) -> None:
    """Add the caller's pages."""
    kind = service.config.kind

    @app.get("/")
    def home() -> Response:
        invoices = list(reversed(service.store.all("invoice")))[:50]
        return page(kind, "Invoices", HOME, kind=kind, invoices=invoices)

    @app.post("/new")
    def new() -> BaseResponse:
        return _new_invoice(service, request.form["amount"])

    @app.post("/pay_now")
    def pay_now() -> BaseResponse:
        number = request.form["number"]
        status, answer = _call(
            service,
            "POST",
            "invoice_generator/oneoff",
            {"invoice_number": number, "customer_url": f"{service.config.base_url}/back", "reference_number": None},
        )
        if status != 201:  # noqa: PLR2004
            return page(kind, "Billing refused", WRONG, answer=answer, status=502)
        return redirect(answer["oneoff_redirect_link"], 303)

    @app.get("/back")
    def back() -> Response:
        reference = request.args.get("payment_reference", "")
        query = urlencode({"payment_reference": reference})
        status, _ = _call(service, "GET", f"callback_handler/callback?{query}", None)
        return page(kind, "Welcome back", BACK, reference=reference, status=status)


def _new_invoice(service: Service, amount: str) -> BaseResponse:
    kind = service.config.kind
    status, answer = _call(service, "POST", "invoice_generator/invoice_number_generator", None)
    if status != 201:  # noqa: PLR2004
        return page(kind, "Billing gave no number", WRONG, answer=answer, status=502)
    number = answer["invoice_number"]
    body = {
        "transaction_amount": amount,
        "order_reference": number,
        "invoice_number": number,
        "customer_name": "Põhjatäht OÜ",
        "customer_email": "raamatupidaja@pohjataht.example",
        "custom_field1": "prepended" if kind == "auction" else "Order nr. " + str(number),
        "custom_field2": kind,
        "reference_number": "2144032",
        "reserved_domain_names": None,
    }
    status, answer = _call(service, "POST", "invoice_generator/invoice_generator", body)
    if status != 201:  # noqa: PLR2004
        return page(kind, "Billing refused the invoice", WRONG, answer=answer, status=502)
    invoice = {"number": number, "total": amount, "status": "issued", "paid_amount": "0", "credited": "0", "told": 0}
    service.save(invoice | {"link": answer["everypay_link"]})
    return redirect("/", 303)


def _call(service: Service, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
    data = None if method == "GET" else json.dumps(body).encode()
    call = Request(  # noqa: S310 - the address comes from the configuration
        f"{service.config.billing_url}/api/v1/{path}",
        data,
        {"Authorization": f"Bearer {service.config.token}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urlopen(call, timeout=15) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except HTTPError as fault:
        return fault.code, fault.read().decode(errors="replace")[:300]
    except (URLError, OSError) as fault:
        return 0, str(fault)
