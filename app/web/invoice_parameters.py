"""What an address calls each part of the filter of invoices: the list, its forms, saved views, exports, the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.datastructures import MultiDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The parts of `InvoiceFilter` but the day its periods are counted from, each with its name.
NAMES = {
    "text": "q",
    "statuses": "status",
    "services": "service",
    "kinds": "kind",
    "number": "number",
    "reference": "reference_number",
    "email": "customer_email",
    "least_minor": "amount_min",
    "most_minor": "amount_max",
    "created": "created",
    "created_from": "created_from",
    "created_to": "created_to",
    "due": "due",
    "due_from": "due_from",
    "due_to": "due_to",
    "paid": "paid",
    "paid_from": "paid_from",
    "paid_to": "paid_to",
    "in_directo": "in_directo",
    "e_invoice_sent": "e_invoice_sent",
}
# What addresses that were kept before call them.
FORMER = {"least": "amount_min", "most": "amount_max", "directo": "in_directo", "e_invoice": "e_invoice_sent"}
SWITCH = {"true": True, "false": False, "yes": True, "no": False}


def in_todays_names(args: MultiDict[str, str], former: Mapping[str, str] = FORMER) -> MultiDict[str, str]:
    """Return what an address says, under the names of today; what has the name of today already is kept beside it."""
    return MultiDict([(former.get(name, name), value) for name, value in args.items(multi=True)])


def listed(values: Iterable[str]) -> list[str]:
    """Return words that are said one by one, with commas between them, or both."""
    return [word.strip() for value in values for word in value.split(",")]


def as_switch(switch: bool | None) -> str:  # noqa: FBT001 - the value of a filter
    """Return a yes, a no, or neither as an address has it."""
    return "" if switch is None else str(switch).lower()
