"""The simulated service's state: its invoices, its payers' accounts, and what it was told."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.integrations.fault_dial import FaultDial
from app.integrations.simulator_store import Store

if TYPE_CHECKING:
    from pathlib import Path

Invoice = dict[str, "Any"]


@dataclass(frozen=True, slots=True)
class InitiatorConfig:
    """One service: its kind, its own address, where billing is, and the secrets of both directions.

    `strict` and `calls_back` are where a script begins; it changes them at `/_sim/config`.
    """

    kind: str
    base_url: str
    billing_url: str
    secret: str
    token: str
    strict: bool = False
    calls_back: bool = True
    path: Path | None = None


class Service:
    """The service's state: its invoices, what it was told, what it was told wrong."""

    def __init__(self, config: InitiatorConfig) -> None:
        self.config = config
        self.store = Store(config.path)
        self.dial = FaultDial()
        self.calls_back = config.calls_back
        self.strict = config.strict

    def invoice(self, number: str) -> dict[str, Any] | None:
        """Return the invoice, or None."""
        return self.store.get("invoice", number)

    def expect(self, number: str, total: str) -> dict[str, Any] | None:
        """Return the invoice that is told about; unless strict, one never heard of is made with this total."""
        found = self.invoice(number)
        if found is None and not self.strict:
            found = new_invoice(number, total)
            self.save(found)
        return found

    def save(self, invoice: dict[str, Any]) -> None:
        """Write the invoice."""
        self.store.put("invoice", str(invoice["number"]), invoice)

    def credit(self, invoice: dict[str, Any], amount: Decimal) -> None:
        """Give the payer the money, or take it back: on the invoice, and on the account of its reference number.

        Call it inside `store.changing()`.
        """
        invoice["credited"] = str(Decimal(invoice["credited"]) + amount)
        self.save(invoice)
        reference = str(invoice.get("reference", ""))
        account = self.store.get("account", reference) or {"reference": reference, "balance": "0.00", "movements": 0}
        account |= {"balance": str(Decimal(account["balance"]) + amount), "movements": account["movements"] + 1}
        self.store.put("account", reference, account)


def new_invoice(number: str, total: str, reference: str = "") -> dict[str, Any]:
    """Return an invoice as the services keep it; `credited` counts what the payer's account got for it."""
    return {
        "number": number,
        "total": total,
        "status": "issued",
        "paid_amount": "0",
        "credited": "0",
        "told": 0,
        "reference": reference,
    }
