"""`PUT /eis_billing/invoices`: a status is set from outside, along the edges the service knows (eis.md 10.2.7)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.integrations.initiators.simulator_news import Heard

if TYPE_CHECKING:
    from app.integrations.initiators.simulator_service import Service

DONE = {"message": "Invoice data was successfully updated"}


def synchronise(service: Service, body: dict[str, Any]) -> Heard:
    """Return what the service says to a status; an invoice it does not have is never made up here."""
    nested = body.get("invoice")
    number = str(nested.get("invoice_number") if isinstance(nested, dict) else None)
    with service.store.changing():
        invoice = service.invoice(number)
        if invoice is None:
            return Heard(404, {"error": {"message": f"Invoice with {number} number not found"}})
        if service.config.kind == "registry":
            return _registry(service, invoice, str(body.get("status")))
        return _auction(service, invoice, str(body.get("status")))


def _registry(service: Service, invoice: dict[str, Any], status: str) -> Heard:
    """Paid and cancelled only from unpaid; unpaid not when cancelled or paid through a gateway; nothing else."""
    before, total = invoice["status"], Decimal(invoice["total"])
    if status == "paid" and before == "issued":
        invoice |= {"status": "paid", "paid_amount": invoice["total"]}
        service.credit(invoice, total)
    elif status == "cancelled" and before == "issued":
        service.save(invoice | {"status": "cancelled"})
    elif status == "unpaid" and before == "paid" and not invoice.get("payment_reference"):
        # What was credited is booked back.
        invoice |= {"status": "issued", "paid_amount": "0"}
        service.credit(invoice, -Decimal(invoice["credited"]))
    elif not (status == "unpaid" and before == "issued"):
        return Heard(422, {"error": {"message": [f"You can not change {before} to {status}"]}})
    return Heard(200, DONE)


def _auction(service: Service, invoice: dict[str, Any], status: str) -> Heard:
    """Accept every word, and act on three; paid twice is paid once."""
    if status == "paid" and invoice["status"] != "paid":
        invoice |= {"status": "paid", "paid_amount": invoice["total"]}
    elif status in {"cancelled", "unpaid"}:
        invoice["status"] = "cancelled" if status == "cancelled" else "issued"
    service.save(invoice)
    return Heard(200, DONE)
