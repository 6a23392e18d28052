"""auction as it calls (eis.md 10.1.3); its fellow callers are in callers.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from app.integrations.initiators.simulator_service import new_invoice
from tests.api.callers import CallerFailed
from tests.api.client import (
    AMOUNT,
    BACK,
    BULK,
    CALLBACK,
    DEPOSIT,
    DEPOSIT_STATUS,
    DIRECTO,
    E_INVOICE,
    NUMBER,
    ONEOFF,
    REFERENCE,
    REFUND,
    REGISTER,
    STATUS,
    Api,
)

if TYPE_CHECKING:
    from werkzeug.test import TestResponse


@dataclass
class Auction:
    """auction: every answer is parsed as JSON, and the key `error` is failure (10.1.3)."""

    api: Api

    def send(self, path: str, body: Any = None, method: str = "") -> Any:
        """Send and parse; fails where Faraday's caller fails."""
        answer: Any = self.api.send(path, body, code="auction", method=method).json
        if "error" in answer:
            raise CallerFailed(answer["error"])
        return answer

    def new_invoice(self, amount: float) -> tuple[int, str]:
        """Make an invoice over a JSON float, also over 0.0."""
        number = int(self.send(NUMBER)["invoice_number"])
        self.api.system.service("auction").save(new_invoice(str(number), str(amount)))
        answer = self.send(
            REGISTER,
            {
                "transaction_amount": amount,
                "order_reference": number,
                "customer_name": "Payer",
                "customer_email": "a@b.ee",
                "custom_field1": "prepended",
                "custom_field2": "auction",
                "invoice_number": number,
            },
        )
        return number, str(answer["everypay_link"])

    def pay_one(self, number: int, amount: float) -> str:
        """Return the payment page of one invoice."""
        body = {"invoice_number": str(number), "customer_url": BACK["auction"], "amount": amount}
        return str(self.send(ONEOFF, body)["oneoff_redirect_link"])

    def pay_all(self, numbers: list[int], total: str) -> str:
        """Return the payment page of all issued or all overdue invoices."""
        body = {
            "description": " ".join(map(str, numbers)),
            "transaction_amount": total,
            "customer_url": BACK["auction"],
            "custom_field2": "auction",
        }
        return str(self.send(BULK, body)["oneoff_redirect_link"])

    def pay_deposit(self, domain: str, user: str, amount: str = "500.0") -> str:
        """Return the payment page of a deposit."""
        body = {
            "description": f"auction_deposit {domain}, user_uuid {user}, user_email {user}@users.test",
            "transaction_amount": amount,
            "customer_url": BACK["auction"],
            "custom_field2": "auction",
            "affiliation": "auction_deposit",
        }
        return str(self.send(DEPOSIT, body)["oneoff_redirect_link"])

    def back(self, reference: str) -> None:
        """Relay the returning browser."""
        self.send(f"{CALLBACK}?{urlencode({'payment_reference': reference})}", method="GET")

    def overdue(self, number: int) -> None:
        """Report while cancelling; a failure rolls that back."""
        self.send(STATUS, {"invoice_number": number, "status": "overdue"})

    def change_deposit(self, domain: str, user: str, status: str) -> None:
        """Report what an administrator did; billing's error is shown to them."""
        self.send(DEPOSIT_STATUS, {"domain_name": domain, "user_uuid": user, "status": status})

    def return_deposit(self, number: int) -> TestResponse:
        """Ask for the deposit's money; only status 200 counts."""
        return self.api.send(REFUND, {"params": {"invoice_number": number}}, code="auction")

    def change_profile(self, number: int, amount: float) -> None:
        """Change the amount when the payer's VAT changes."""
        self.send(AMOUNT, {"invoice_number": number, "transaction_amount": amount})

    def save_user(self) -> str:
        """Return the reference number a user without one gets."""
        return str(
            self.send(REFERENCE, {"initiator": "auction", "email": "a@b.ee", "owner": "A B"})["reference_number"]
        )

    def directo(self, number: int) -> None:
        """Send the day's invoices."""
        line = {"product_id": "OKSJON", "description": "x.ee", "quantity": 1, "unit": 1, "price": 100.0}
        customer = {"name": "Payer", "destination": "EE", "vat_reg_no": None, "code": "ERA"}
        item = {"number": number, "customer": customer, "issue_date": "2026-01-05", "transaction_date": "2026-01-06",
                "currency": "EUR", "total_wo_vat": 100.0, "vat_amount": 20.0, "invoice_lines": [line]}  # fmt: skip
        self.send(DIRECTO, {"invoice_data": [item], "initiator": "auction"})

    def e_invoice(self, number: int) -> None:
        """Send the short invoice a user asked for."""
        invoice = {"number": number, "issue_date": "2026-01-05", "total": 120.0, "buyer_name": "Payer"}
        items = [{"description": "x.ee", "price": 100.0, "quantity": 1, "vat_rate": 20.0, "total": 120.0}]
        body = {"invoice": invoice, "items": items, "inbound": 5.0, "payable": True, "initiator": "auction"}
        self.send(E_INVOICE, body)
