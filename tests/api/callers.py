"""The four callers as they are (eis.md 10.1): what each sends, letter by letter, and the little it reads of the answer.

They know nothing of our answers but what their own code reads, and fail where that code would.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from app.integrations.initiators.simulator_service import new_invoice
from tests.api.client import (
    BACK,
    CALLBACK,
    DIRECTO,
    E_INVOICE,
    IMPORT_INVOICES,
    IMPORT_REFERENCES,
    MONTHLY,
    NUMBER,
    ONEOFF,
    REFERENCE,
    REGISTER,
    RESERVED,
    STATUS,
    Api,
)


class CallerFailed(AssertionError):
    """The caller's own code would stop here."""


def follow(api: Api, link: str) -> str:
    """Return the gateway's reference of the page a browser gets to by this link."""
    path = link.removeprefix("http://everypay.test")
    if "/pay/" in path:
        return path.rpartition("/")[2]
    page = api.system.everypay.test_client().get(path)
    return str(page.headers["Location"]).rpartition("/")[2]


def payer_pays(api: Api, reference: str, state: str = "settled") -> None:
    """Let the payer pay, the gateway call back, and everything that is owed go out."""
    api.system.pay(reference, state)
    assert api.system.callback(reference).status_code == 200
    api.system.drain()


@dataclass
class Registry:
    """registry: numbers, LinkPay links, e-invoices, Directo; its answers are read key by key (10.1.1)."""

    api: Api
    code: str = "registry"

    def send(self, path: str, body: Any = None, method: str = "") -> Any:
        """Send and parse the answer, whatever its status."""
        answer = self.api.send(path, body, code=self.code, method=method).json
        if isinstance(answer, dict) and answer.get("code") == "403":
            raise CallerFailed("cannot get access")
        return answer

    def number(self) -> int:
        """Return a number, as before every prepayment invoice."""
        answer = self.send(NUMBER)
        if answer.get("error") == "out of range":
            raise CallerFailed("out of range")
        return int(answer["invoice_number"])

    def top_up(self, amount: str = "120.0", description: str = "reload balance") -> tuple[int, str]:
        """Make an invoice and return its number and the link that is kept with it."""
        number = self.number()
        self.api.system.service(self.code).save(new_invoice(str(number), amount, "2144032"))
        answer = self.send(
            REGISTER,
            {
                "transaction_amount": amount,
                "order_reference": number,
                "customer_name": "ACME",
                "customer_email": "a@b.ee",
                "custom_field1": description,
                "custom_field2": "registry",
                "invoice_number": number,
                "reference_number": "2144032",
                "reserved_domain_names": None,
            },
        )
        self.e_invoice(number, amount)
        return number, str(answer["everypay_link"])

    def e_invoice(self, number: int, total: str = "120.0", *, payable: bool = True) -> Any:
        """Send the whole row with its items; the answer is only logged."""
        net = str(Decimal(total) / 2)
        return self.send(
            E_INVOICE,
            {
                "invoice": {"id": 7, "number": number, "issue_date": "2026-01-05", "due_date": None, "currency": "EUR",
                            "total": total, "vat_rate": "20.0", "monthly_invoice": not payable, "buyer_name": "ACME",
                            "metadata": {"items": []}, "created_at": "2026-01-05T10:00:00.000Z"},
                "vat_amount": net,
                "invoice_subtotal": net,
                "buyer_billing_email": "a@b.ee",
                "buyer_e_invoice_iban": None,
                "seller_country_code": "EE",
                "buyer_country_code": "EE",
                "payable": payable,
                "initiator": "registry",
                "items": [{"description": "Order", "price": net, "quantity": 1, "unit": "piece", "vat_rate": "20.0"}],
            },
        )  # fmt: skip

    def status(self, number: int, word: str) -> Any:
        """Report; the answer is ignored."""
        return self.send(STATUS, {"invoice_number": number, "status": word})

    def new_registrar(self) -> str:
        """Return the reference number of a new registrar."""
        return str(self.send(REFERENCE, {"initiator": "registry", "owner": "Roga & Kopyta"})["reference_number"])

    def directo(self, numbers: list[int], *, monthly: bool) -> Any:
        """Send invoices for the accounting system; the answer is ignored."""
        items = [
            {
                "number": number,
                "customer": {"code": "bestnames", "destination": "EE", "vat_reg_no": None},
                "date": "2026-01-05",
                "issue_date": "2026-01-05",
                "transaction_date": "2026-01-06",
                "language": "ENG",
                "currency": "EUR",
                "invoice_lines": [
                    {"product_id": "ETTEM06", "description": f"Order nr. {number}", "quantity": 1, "price": "100.00"}
                ],
            }
            for number in numbers
        ]
        return self.send(DIRECTO, {"invoice_data": items, "monthly": monthly, "dry": False, "initiator": "registry"})

    def monthly_numbers(self, count: int) -> list[int]:
        """Return numbers for the first of the month; raises as registry does."""
        answer = self.send(MONTHLY, {"count": count})
        if answer.get("error") in {"Not Found", "out of range"}:
            raise CallerFailed(answer["error"])
        return [int(number) for number in answer["invoice_numbers"]]

    def bring_along(self, invoices: list[dict[str, Any]], references: list[dict[str, Any]]) -> list[str]:
        """Run the migration tool; its messages are printed."""
        return [
            str(self.send(IMPORT_INVOICES, invoices)["message"]),
            str(self.send(IMPORT_REFERENCES, references)["message"]),
        ]


@dataclass
class Portal:
    """The registrar portal signs as registry and sends the payer away and back (10.1.2)."""

    api: Api

    def pay(self, number: int) -> str:
        """Return where the browser is sent; a refusal is flashed from `error.message`."""
        body = {"invoice_number": str(number), "customer_url": BACK["registry"], "reference_number": None}
        answer: Any = self.api.send(ONEOFF, body).json
        if "error" in answer:
            raise CallerFailed(answer["error"]["message"])
        return str(answer["oneoff_redirect_link"])

    def back(self, reference: str) -> None:
        """Relay the returning browser with a token; the answer is ignored."""
        self.api.send(f"{CALLBACK}?{urlencode({'payment_reference': reference})}", method="GET")


@dataclass
class BusinessRegistry:
    """The business register behind registry: several holders may share a number (10.1.4)."""

    api: Api

    def reserve(self, names: list[str], number: int | None = None) -> tuple[int, str, str]:
        """Return number, unique id and link; the number of a pending overlapping reservation is used again."""
        registry = Registry(self.api)
        number = number or registry.number()
        unique_id = str(uuid.uuid4())[:10]
        answer = registry.send(
            REGISTER,
            {
                "transaction_amount": f"{10 * len(names)}.0",
                "order_reference": number,
                "customer_name": "Company",
                "customer_email": "a@b.ee",
                "custom_field1": unique_id,
                "custom_field2": "business_registry",
                "invoice_number": number,
                "reserved_domain_names": names,
            },
        )
        return number, unique_id, str(answer["everypay_link"])

    def poll(self, number: int, unique_id: str) -> str:
        """Return the status that decides whether the names are reserved."""
        query = urlencode({"invoice_number": number, "user_unique_id": unique_id})
        answer: Any = self.api.send(f"{RESERVED}?{query}", method="GET").json
        return str(answer["invoice_status"])

    def browser_callback(self, reference: str) -> Any:
        """Return the field registry reads of the relayed callback: neither of its names may be missing."""
        answer: Any = self.api.send(f"{CALLBACK}?{urlencode({'payment_reference': reference})}", method="GET").json
        return answer["custom_field_1"]


@dataclass
class Eeid:
    """eeID as it was in 2022, with its own spelling of the custom fields (10.1.5)."""

    api: Api

    def new_invoice(self, amount: str = "24.0") -> tuple[int, str]:
        """Make an invoice and return its number and link."""
        made: Any = self.api.send(NUMBER, code="eeid").json
        number = int(made["invoice_number"])
        self.api.system.service("eeid").save(new_invoice(str(number), amount))
        body = {
            "transaction_amount": amount,
            "order_reference": number,
            "customer_name": "Service",
            "customer_email": "a@b.ee",
            "custom_field_1": "eeID top-up",
            "custom_field_2": "eeid",
            "invoice_number": number,
            "linkpay_token": "theirs",
        }
        answer: Any = self.api.send(REGISTER, body, code="eeid").json
        return number, str(answer["everypay_link"])

    def directo(self, number: int) -> Any:
        """Send the day's invoices with an empty customer code."""
        line = {"product_id": "ETTEM06", "description": f"Order nr. {number}", "quantity": 1, "price": "20.00"}
        item = {"number": number, "customer_code": "", "issue_date": "2026-01-05", "transaction_date": "2026-01-06",
                "currency": "EUR", "language": "ENG", "invoice_lines": [line]}  # fmt: skip
        return self.api.send(DIRECTO, {"invoice_data": [item], "initiator": "eeid"}, code="eeid").json
