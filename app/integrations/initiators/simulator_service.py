"""The simulated service's state: its invoices and what it was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.integrations.fault_dial import FaultDial
from app.integrations.simulator_store import Store

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class InitiatorConfig:
    """One service: its kind, its own address, where billing is, and the secrets of both directions."""

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

    def invoice(self, number: str, total: str | None = None) -> dict[str, Any] | None:
        """Return the invoice; unless strict, one never heard of is made with the given total."""
        found = self.store.get("invoice", number)
        if found is None and total is not None and not self.config.strict:
            found = new_invoice(number, total)
            self.store.put("invoice", number, found)
        return found

    def save(self, invoice: dict[str, Any]) -> None:
        """Write the invoice."""
        self.store.put("invoice", str(invoice["number"]), invoice)


def new_invoice(number: str, total: str) -> dict[str, Any]:
    """Return an invoice as the services keep it; `credited` counts what the payer's account got for it."""
    return {"number": number, "total": total, "status": "issued", "paid_amount": "0", "credited": "0", "told": 0}
