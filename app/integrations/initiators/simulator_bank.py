"""Bank transactions as the services take them: each element counts each time it comes (eis.md 10.2.6, decisions.md 26)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.integrations.initiators.simulator_news import NO_AMOUNT, Heard
from app.integrations.initiators.simulator_service import new_invoice
from app.integrations.simulator_requests import amount_of

if TYPE_CHECKING:
    from app.integrations.initiators.simulator_service import Service


def receive(service: Service, rows: Any) -> Heard:
    """Return what the service says to transactions; all of them are booked, or none when one is no transaction."""
    if not isinstance(rows, list) or not rows:
        if service.config.kind == "auction":
            return Heard(404, {"title": "MISSING PARAMS", "error": "empty"})
        return Heard(422, {"message": "MISSING PARAMS"})
    read = [(str(row.get("payment_reference_number")), _amount(row)) for row in rows if isinstance(row, dict)]
    if len(read) < len(rows) or any(amount is None for _, amount in read):
        return Heard(422, NO_AMOUNT)
    bound: list[str] = []
    with service.store.changing():
        for row, (reference, amount) in zip(rows, read, strict=True):
            service.store.append("bank_transaction", {key: str(value) for key, value in row.items()})
            bound += _book(service, reference, amount or Decimal(0))
    return Heard(200, {"message": "RECEIVED", "params": rows}, bound=tuple(bound))


def _amount(row: dict[str, Any]) -> Decimal | None:
    amount = amount_of(row.get("amount"))
    return amount or None


def _book(service: Service, reference: str, amount: Decimal) -> list[str]:
    """Pay the payer's oldest open invoice over exactly this amount; return its number, nothing when there is none."""
    for invoice in service.store.all("invoice"):
        same = invoice["status"] == "issued" and Decimal(invoice["total"]) == amount
        if same and invoice.get("reference", "") == reference:
            invoice |= {"status": "paid", "paid_amount": str(amount)}
            service.save(invoice)
            if service.config.kind == "registry":
                service.credit(invoice, amount)
            return [str(invoice["number"])]
    _book_without_invoice(service, reference, amount)
    return []


def _book_without_invoice(service: Service, reference: str, amount: Decimal) -> None:
    """Registry makes an invoice of its own and credits the account; the auction writes to its administrators."""
    number = service.store.append("unmatched", {"reference": reference, "amount": str(amount)})
    if service.config.kind == "registry":
        invoice = new_invoice(f"bank-{number}", str(amount), reference)
        service.credit(invoice | {"status": "paid", "paid_amount": str(amount)}, amount)
