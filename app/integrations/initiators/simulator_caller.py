"""The service as a caller of billing: a person starts the flows of eis.md 10.1 with buttons and comes back here."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from flask import Flask, Response, redirect, request

from app.integrations.initiators.simulator_service import new_invoice
from app.integrations.simulator_pages import page
from app.integrations.simulator_requests import amount_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from app.integrations.initiators.simulator_service import Service

REFERENCE = "2144032"
CREATED = 201
HOME = """
<p>This service asks billing for numbers, links and payments, and hears when it was paid.</p>
<section><h2>Create an invoice</h2><form method="post" action="/new"><div class="row">
<label>Amount in EUR <input name="amount" value="120.00" inputmode="decimal" size="9" required></label>
<button class="main">Create the invoice</button></div></form></section>
<section><h2>Invoices</h2>{% if invoices %}<ul class="cards">
{% for i in invoices %}<li><p><strong>{{ i.number }}</strong> <span>{{ i.total }} EUR</span> <span>{{ i.status }}</span></p><div class="row">
{% if i.link %}<a class="button" href="{{ i.link }}">Pay {{ i.number }} by its signed link</a>{% endif %}
<form method="post" action="/pay_now"><input type="hidden" name="number" value="{{ i.number }}"><button>Pay {{ i.number }} on a new payment page</button></form>
</div></li>{% endfor %}</ul>{% else %}<p>None yet.</p>{% endif %}</section>
"""
REGISTRAR = """
<p>The portal in which a registrar pays an invoice that the registry has made.</p>
<section><h2>Pay an invoice</h2><form method="post" action="/pay_now"><div class="row">
<label>Number of the invoice <input name="number" inputmode="numeric" pattern="[0-9]+" size="12" required></label>
<button class="main">Pay this invoice</button></div></form></section>
"""
BACK = """
<p>The payer is back. Billing was asked to look at payment <code>{{ reference }}</code>.</p>
<p id="answer">It answered {{ answered or "nothing" }}.</p><p><a href="/">{{ onwards }}</a></p>
"""
WRONG = """<p>{{ answer }}</p><p><a href="/">{{ onwards }}</a></p>"""


def register(app: Flask, service: Service) -> None:
    """Add the caller's pages."""
    kind = service.config.kind

    @app.get("/")
    def home() -> Response:
        if kind == "registrar":
            return page(kind, "Pay as a registrar", REGISTRAR)
        return page(kind, "Invoices", HOME, invoices=list(reversed(service.store.all("invoice")))[:50])

    @app.post("/new")
    def new() -> BaseResponse:
        return _new_invoice(service, request.form.get("amount", "").strip())

    @app.post("/pay_now")
    def pay_now() -> BaseResponse:
        return _pay_now(service, request.form.get("number", "").strip())

    @app.get("/back")
    def back() -> Response:
        reference = request.args.get("payment_reference", "")
        query = urlencode({"payment_reference": reference})
        answered, _ = _call(service, "GET", f"callback_handler/callback?{query}", None)
        return page(kind, "Welcome back", BACK, reference=reference, answered=answered, onwards=_onwards(service))


def _pay_now(service: Service, number: str) -> BaseResponse:
    if not (number.isascii() and number.isdigit()):
        return _wrong(service, "That is no number of an invoice", "A number has digits only, such as 150005.", 400)
    body = {"invoice_number": number, "customer_url": f"{service.config.base_url}/back", "reference_number": None}
    status, answer = _call(service, "POST", "invoice_generator/oneoff", body)
    if status != CREATED or "oneoff_redirect_link" not in answer:
        return _wrong(service, "Billing refused", answer)
    return redirect(answer["oneoff_redirect_link"], 303)


def _new_invoice(service: Service, amount: str) -> BaseResponse:
    kind = service.config.kind
    if amount_of(amount) is None:
        return _wrong(service, "That is no amount", "An amount looks like 120.00.", 400)
    status, answer = _call(service, "POST", "invoice_generator/invoice_number_generator", None)
    if status != CREATED or "invoice_number" not in answer:
        return _wrong(service, "Billing gave no number", answer)
    number = answer["invoice_number"]
    body = {
        "transaction_amount": amount,
        "order_reference": number,
        "invoice_number": number,
        "customer_name": "Põhjatäht OÜ",
        "customer_email": "raamatupidaja@pohjataht.example",
        "custom_field1": "prepended" if kind == "auction" else "Order nr. " + str(number),
        "custom_field2": kind,
        "reference_number": REFERENCE,
        "reserved_domain_names": None,
    }
    # The service has the invoice before billing has: no news of it can come too early.
    service.save(new_invoice(number, amount, REFERENCE))
    status, answer = _call(service, "POST", "invoice_generator/invoice_generator", body)
    if status != CREATED or "everypay_link" not in answer:
        return _wrong(service, "Billing refused the invoice", answer)
    with service.store.changing():
        kept = service.invoice(str(number)) or new_invoice(number, amount, REFERENCE)
        service.save(kept | {"link": answer["everypay_link"]})
    return redirect("/", 303)


def _wrong(service: Service, title: str, answer: Any, status: int = 502) -> Response:
    return page(service.config.kind, title, WRONG, answer=answer, onwards=_onwards(service), status=status)


def _onwards(service: Service) -> str:
    return "Pay another invoice" if service.config.kind == "registrar" else "To the invoices"


def _call(service: Service, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
    """Return billing's status and what it said: an object on success, otherwise whatever can be shown."""
    data = None if method == "GET" else json.dumps(body).encode()
    try:
        call = Request(  # noqa: S310 - the address comes from the configuration
            f"{service.config.billing_url}/api/v1/{path}",
            data,
            {"Authorization": f"Bearer {service.config.token}", "Content-Type": "application/json"},
            method=method,
        )
        with urlopen(call, timeout=15) as answer:  # noqa: S310
            said = json.loads(answer.read())
            return answer.status, said if isinstance(said, dict) else {}
    except HTTPError as fault:
        with fault:
            return fault.code, fault.read().decode(errors="replace")[:300]
    except (HTTPException, OSError, ValueError) as fault:
        return 0, str(fault)
