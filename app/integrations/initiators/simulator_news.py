"""What each service does with the news of a payment, double counting included (eis.md 10.2.1 to 10.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.integrations.simulator_requests import amount_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.integrations.initiators.simulator_service import Service

PAID = {"settled", "authorized"}
BROKEN = {"error": "Internal Server Error"}
NO_AMOUNT = {"error": "an amount is missing or is none"}


@dataclass(frozen=True, slots=True)
class Heard:
    """What the service answers, and the invoices that this very call made paid."""

    status: int
    body: dict[str, Any] | None
    bound: tuple[str, ...] = ()


def hear(service: Service, body: dict[str, Any]) -> Heard:
    """Return what the service says to the news of a payment; looking and booking are one step."""
    heard: Callable[[Service, dict[str, Any]], Heard] = {"registry": _registry, "auction": _auction}.get(
        service.config.kind, _eeid
    )
    with service.store.changing():
        return heard(service, body)


def _registry(service: Service, body: dict[str, Any]) -> Heard:
    """Find by order reference; credit whatever the state says; bind only when the sum is the total (eis.md 10.2.1)."""
    number, sum_ = str(body.get("order_reference")), amount_of(body.get("standing_amount"))
    if sum_ is None:
        return Heard(422, NO_AMOUNT)
    invoice = service.expect(number, str(sum_))
    if invoice is None:
        return Heard(500, BROKEN)
    invoice["told"] += 1
    service.save(invoice)
    if invoice["status"] == "paid":
        return Heard(200, {"message": "Invoice already paid"})
    if sum_ != Decimal(invoice["total"]) or invoice["status"] == "cancelled":
        return Heard(200, {"message": "Payment is proccessing"})
    invoice |= {"status": "paid", "payment_reference": body.get("payment_reference")}
    service.credit(invoice, sum_)
    return Heard(200, {"message": "Payment is proccessing"}, bound=(number,))


def _auction(service: Service, body: dict[str, Any]) -> Heard:
    """Add the amount to what was paid, every time; null means one invoice, an empty list none (eis.md 10.2.1)."""
    if "domain_name" in body:
        return _deposit(service, body)
    collection, amount = body.get("invoice_number_collection"), amount_of(body.get("initial_amount"))
    if amount is None or not isinstance(collection, list | None):
        return Heard(422, NO_AMOUNT)
    numbers = [str(body.get("order_reference"))] if collection is None else _numbers(collection)
    found = [service.expect(number, str(amount)) for number in numbers]
    if numbers and (None in found or not body.get("transaction_time")):
        return Heard(500, BROKEN)
    for invoice in filter(None, found):
        _add(service, invoice, amount, str(body.get("payment_state")))
    return Heard(200, {"message": "ok"})


def _numbers(collection: list[Any]) -> list[str]:
    return [str(each.get("number")) for each in collection if isinstance(each, dict)]


def _add(service: Service, invoice: dict[str, Any], amount: Decimal, state: str) -> None:
    invoice["told"] += 1
    if state in PAID:
        invoice["paid_amount"] = str(Decimal(invoice["paid_amount"]) + amount)
        if Decimal(invoice["paid_amount"]) >= Decimal(invoice["total"]):
            invoice["status"] = "paid"
    service.save(invoice)


def _deposit(service: Service, body: dict[str, Any]) -> Heard:
    """Let the user take part in the auction, once; the number is kept for the refund (eis.md 10.2.3)."""
    amount = amount_of(body.get("transaction_amount"))
    if body.get("description") != "deposit" or amount is None or not body.get("user_uuid"):
        return Heard(422, {"error": {"description": ["is not a deposit"]}})
    key = f"{body['domain_name']} {body['user_uuid']}"
    found = service.store.get("participant", key)
    participant = found or {
        "domain_name": str(body["domain_name"]),
        "user_uuid": str(body["user_uuid"]),
        "invoice_number": str(body.get("invoice_number")),
        "deposit": str(amount),
        "told": 0,
    }
    participant["told"] += 1
    service.store.put("participant", key, participant)
    return Heard(200, {"message": "ok"})


def _eeid(service: Service, body: dict[str, Any]) -> Heard:
    number, amount = str(body.get("order_reference")), amount_of(body.get("initial_amount"))
    if amount is None:
        return Heard(422, NO_AMOUNT)
    invoice = service.expect(number, str(amount))
    if invoice is None:
        return Heard(204, None)
    invoice["told"] += 1
    invoice["status"] = "paid" if str(body.get("payment_state")) in PAID else str(body.get("payment_state"))
    invoice["paid_amount"] = str(amount)
    service.save(invoice)
    return Heard(200, {"status": "ok"})
