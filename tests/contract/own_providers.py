"""A gateway and services that are not our simulators: they answer as eis.md 9 and 10 say, and keep every byte."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

STATE = "/everypay/api/v4/payments"
ANSWERS = {
    "registry": {"message": "Payment is proccessing"},
    "auction": {"message": "ok"},
    "eeid": {"status": "ok"},
}


@dataclass
class Heard:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    raw: str

    def body(self) -> Any:
        """Return the body with every number as it was written, in a list of its own to tell it from a text."""
        return json.loads(self.raw, parse_float=lambda text: [text], parse_int=lambda text: [text])


@dataclass
class Providers:
    """What was heard, and the payments there are."""

    heard: list[Heard] = field(default_factory=list)
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    url: str = ""

    def start(self) -> Providers:
        """Listen at `url` until the tests end."""
        kept = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_said: Any) -> None:
                """Say nothing."""

            def _answer(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                kept.heard.append(Heard(self.command, self.path, dict(self.headers), raw))
                status, body = kept.answer(self.command, self.path.partition("?")[0], raw)
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names are the library's

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        return self

    def answer(self, method: str, path: str, raw: str) -> tuple[int, Any]:
        """Return what a provider answers."""
        if path == f"{STATE}/oneoff":
            return 201, self._made(json.loads(raw))
        if path == f"{STATE}/refund":
            payment = self.payments[json.loads(raw)["payment_reference"]]
            payment |= {"payment_state": "refunded", "standing_amount": 0.0}
            names = ("api_username", "initial_amount", "standing_amount", "transaction_time", "payment_state")
            return 201, {name: payment[name] for name in (*names, "payment_reference")}
        found = re.fullmatch(rf"{STATE}/([0-9a-f]+)", path)
        if found and method == "GET":
            known = self.payments.get(found[1])
            return (200, known) if known else (404, {"error": {"code": 4020, "message": "Payment not found"}})
        service = path.split("/")[1]
        if path.endswith("/eis_billing/payment_status"):
            return 200, ANSWERS[service]
        return 200, {"message": "Invoice data was successfully updated"}

    def _made(self, asked: dict[str, Any]) -> dict[str, Any]:
        reference = secrets.token_hex(32)
        made: dict[str, Any] = {
            "account_name": asked["account_name"],
            "order_reference": asked["order_reference"],
            "email": None,
            "customer_ip": "1.2.3.4",
            "customer_url": asked["customer_url"],
            "payment_created_at": "2026-01-05T10:00:00Z",
            "initial_amount": asked["amount"],
            "standing_amount": asked["amount"],
            "payment_reference": reference,
            "payment_link": f"https://igw-demo.every-pay.com/lp/abc/{reference}",
            "api_username": asked["api_username"],
            "warnings": None,
            "stan": None,
            "fraud_score": None,
            "payment_state": "initial",
            "payment_method": None,
        }
        self.payments[reference] = made
        return made

    def settle(self, reference: str) -> None:
        """Let the payer pay by bank."""
        self.payments[reference] |= {
            "stan": 123456,
            "fraud_score": 0,
            "payment_state": "settled",
            "payment_method": "swedbank_ob_ee",
            "ob_details": {"debtor_iban": "EE1", "creditor_iban": "EE2", "ob_payment_state": "ACSC"},
            "transaction_time": "2026-01-05T10:01:00Z",
            "acquiring_completed_at": "2026-01-05 10:01:00",
            "linkpay_customer_data": None,
        }

    def at(self, path: str) -> list[Heard]:
        """Return what was heard there."""
        return [each for each in self.heard if path in each.path]
