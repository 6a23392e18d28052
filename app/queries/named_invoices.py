"""Invoices by what names one or a few exactly: number, reference, e-mail address, a gateway's reference."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, and_, bindparam, func, select
from sqlalchemy import cast as sql_cast

from app.domain import order_reference
from app.models.invoice import Invoice
from app.models.payment import GatewayReference, Payment

if TYPE_CHECKING:
    from collections.abc import Mapping

# A gateway's reference, its beginning, or both its ends as pages show them.
GATEWAY = re.compile(r"([0-9a-f]{12,64})(?:…[0-9a-f]{6})?", re.ASCII)
# A number with the word for what it is, as headlines have it.
CALLED = re.compile(r"(?:invoice|arve|счёт|счет|nr\.?|no\.?|№|#|\s)+([0-9]{1,18})")
HIGHEST = 2**63 - 1
_BEGINNING = bindparam("by_gateway", type_=Text)
# The index of beginnings in these operators' words: LIKE with a parameter could not use it. No digit follows an f.
_BEGINS = and_(
    GatewayReference.external_id.bool_op("~>=~")(_BEGINNING),
    GatewayReference.external_id.bool_op("~<~")(func.concat(_BEGINNING, "g")),
)
_PAID = select(Payment.invoice_id).join(GatewayReference, GatewayReference.payment_id == Payment.id)
# The questions for ids that need no index of words, each asked with the value of its name.
WAYS: Mapping[str, Select[Any]] = {
    "by_reference": select(Invoice.id).where(Invoice.reference_number == bindparam("by_reference", type_=Text)),
    "by_number": select(Invoice.id).where(sql_cast(Invoice.number, Text) == bindparam("by_number", type_=Text)),
    "by_email": select(Invoice.id).where(func.lower(Invoice.customer_email) == bindparam("by_email", type_=Text)),
    "by_gateway": _PAID.where(_BEGINS, Payment.invoice_id.is_not(None)),
}


def names_in(text: str) -> dict[str, str]:
    """Return which of the ways what was typed can be meant in, and the value to ask each with."""
    said = text.lower()
    names: dict[str, str] = {}
    if text.isascii() and text.isdigit():
        names["by_reference"] = text
        if int(text) <= HIGHEST:
            names["by_number"] = str(int(text))
    elif (number := _number_in(text)) is not None:
        names["by_number"] = str(number)
    if "@" in said:
        names["by_email"] = said
    if gateway := GATEWAY.fullmatch(said):
        names["by_gateway"] = gateway[1]
    return names


def _number_in(text: str) -> int | None:
    """Return the number of an order reference, such as a bank statement has, or of a headline."""
    called = CALLED.fullmatch(text.lower())
    return int(called[1]) if called else order_reference.parse(text).number


def at_once(text: str) -> list[Select[Any]]:
    """Return the questions for ids that need no index of words: what was made a second ago is found, too."""
    return [WAYS[name].params({name: value}) for name, value in names_in(text).items()]
