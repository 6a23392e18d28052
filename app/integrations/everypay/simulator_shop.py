"""The simulated gateway's state: a shop with its payments, its movements of money, its dial and its callbacks."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.integrations.everypay.simulator_callbacks import CallbackSender
from app.integrations.fault_dial import FaultDial
from app.integrations.simulator_store import Store

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = Decimal("0.00")
# The states in which the shop has, or had, the payer's money.
REFUNDED = {"refunded", "partially_refunded"}
GIVEN_BACK = REFUNDED | {"chargebacked", "charged_back"}
TAKEN = GIVEN_BACK | {"settled"}
# The states in which the shop may give money back.
HELD = REFUNDED | {"settled"}


@dataclass(frozen=True, slots=True)
class EveryPayConfig:
    """One merchant's shop: credentials, processing account, and where its callbacks go."""

    base_url: str
    callback_url: str
    api_username: str = "simulated"
    key: str = "simulated-key"
    account_name: str = "EUR3D1"
    linkpay_token: str = "simulated-link"  # noqa: S105 - a simulator's public token
    unique_orders: bool = True
    path: Path | None = None


class Shop:
    """The gateway's state: payments in the store, the dial, the sender of callbacks."""

    def __init__(self, config: EveryPayConfig) -> None:
        self.config = config
        self.callback_url = config.callback_url
        self.store = Store(config.path)
        self.dial = FaultDial()
        self.sender = CallbackSender(self.store, self.dial, lambda: self.callback_url)

    def payment(self, reference: str) -> dict[str, Any] | None:
        """Return a payment, or None."""
        return self.store.get("payment", reference)

    def by_order(self, order_reference: str) -> dict[str, Any] | None:
        """Return the newest payment of an order, or None."""
        found = [each for each in self.store.all("payment") if each["order_reference"] == order_reference]
        return found[-1] if found else None

    def make(self, order_reference: str, amount: Decimal, customer_url: str, **more: Any) -> dict[str, Any]:
        """Make a payment and return it."""
        reference = secrets.token_hex(32)
        payment: dict[str, Any] = {
            "account_name": self.config.account_name,
            "order_reference": order_reference,
            "email": None,
            "customer_ip": None,
            "customer_url": customer_url,
            "payment_created_at": now(),
            "initial_amount": str(amount),
            "standing_amount": str(amount),
            "payment_reference": reference,
            "payment_link": f"{self.config.base_url}/pay/{reference}",
            "api_username": self.config.api_username,
            "warnings": {},
            "stan": None,
            "fraud_score": None,
            "payment_state": "initial",
            "payment_method": None,
            "transaction_time": None,
            **more,
        }
        self.store.put("payment", reference, payment)
        return payment

    def move(
        self, reference: str, state: str, *, method: str | None = None, standing: Decimal | None = None
    ) -> dict[str, Any]:
        """Set a payment's state as the bank or the payer would, and return the payment.

        `standing` is what is left after a refund or a chargeback (nothing unless said), or what a capture takes.
        `method` is "card" or "bank"; unless said it stays as it was. Raises KeyError.
        """
        with self.store.changing():
            payment = self.payment(reference)
            if payment is None:
                raise KeyError(reference)
            before = dict(payment)
            payment["payment_state"] = state
            payment["transaction_time"] = now()
            _choose_method(payment, method or _method_of(payment))
            if state in GIVEN_BACK:
                payment["standing_amount"] = str(NOTHING if standing is None else standing)
            elif standing is not None:
                payment["standing_amount"] = str(standing)
            self.store.put("payment", reference, payment)
            self._write_movements(before, payment)
        return payment

    def _write_movements(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Write what came and what went: `/_sim/truth` adds these up and never guesses from states."""
        state = after["payment_state"]
        had, has = Decimal(before["standing_amount"]), Decimal(after["standing_amount"])
        if state in TAKEN and before["payment_state"] not in TAKEN:
            self._write_movement(after, "captured", has if state == "settled" else had)
        if state in GIVEN_BACK and has < had:
            self._write_movement(after, "refunded" if state in REFUNDED else "charged_back", had - has)

    def _write_movement(self, payment: dict[str, Any], kind: str, amount: Decimal) -> None:
        said = {"payment_reference": payment["payment_reference"], "kind": kind, "amount": str(amount), "at": now()}
        self.store.append("movement", said)


def _method_of(payment: dict[str, Any]) -> str:
    return "bank" if "_ob_" in (payment["payment_method"] or "") else "card"


def _choose_method(payment: dict[str, Any], method: str) -> None:
    if method == "card":
        payment["payment_method"] = "card"
        payment["cc_details"] = {"last_four_digits": "0004", "type": "visa", "holder_name": "Mari Maasikas"}
        payment.pop("ob_details", None)
        return
    payment.pop("cc_details", None)
    payment["payment_method"] = "swedbank_ob_ee"
    payment["ob_details"] = {
        "debtor_iban": "EE382200221020145685",
        "creditor_iban": "EE177700771001155322",
        "ob_payment_reference": payment["payment_reference"][:12],
        "ob_payment_state": "ACSC" if payment["payment_state"] in TAKEN else "PDNG",
    }


def now() -> str:
    """Return this moment as the gateway writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
