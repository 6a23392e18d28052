"""Invoices of each service, and which callers are strangers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.client import STATUS

if TYPE_CHECKING:
    from tests.api.client import Api

CALLERS = {"registry": ["auction", "eeid"], "auction": ["registry", "eeid", "business_registry"], "eeid": ["registry"]}


def unpaid(api: Api, owner: str) -> int:
    if owner == "business_registry":
        return api.system.invoice("registry", custom_field2=owner)
    return api.system.invoice(owner)


def paid(api: Api, owner: str) -> int:
    number = unpaid(api, owner)
    speaker = "registry" if owner == "business_registry" else owner
    api.send(STATUS, {"invoice_number": number, "status": "paid"}, code=speaker)
    return number
