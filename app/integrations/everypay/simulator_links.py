"""A signed payment link as the gateway reads it: exactly its nine keys, in order, encoded in one way only (eis.md 9.1.8)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from app.integrations.everypay.simulator_rules import MOST, ORDER
from app.integrations.simulator_requests import AMOUNT, amount_of

if TYPE_CHECKING:
    from decimal import Decimal

    from app.integrations.everypay.simulator_shop import Shop

KEYS = (
    "custom_field_1",
    "custom_field_2",
    "customer_email",
    "customer_name",
    "invoice_number",
    "linkpay_token",
    "order_reference",
    "reference_number",
    "transaction_amount",
)


class LinkRefused(ValueError):
    """The link is not one of this shop's; the text says why, to a person."""


def open_link(shop: Shop, query: str) -> dict[str, Any]:
    """Make and return the payment a link describes. Raises LinkRefused."""
    fields = read_link(shop, query)
    if fields["linkpay_token"] != shop.config.linkpay_token:
        raise LinkRefused("It belongs to another shop.")
    if not ORDER.fullmatch(fields["order_reference"]):
        raise LinkRefused("Its order reference is missing or not valid.")
    return shop.make(
        fields["order_reference"],
        _amount(fields["transaction_amount"]),
        "",
        linkpay_customer_data={key: fields[key] for key in ("customer_name", "custom_field_1", "custom_field_2")},
        email=fields["customer_email"] or None,
    )


def read_link(shop: Shop, query: str) -> dict[str, str]:
    """Return the fields of a link, its signature checked over the query exactly as it came. Raises LinkRefused."""
    signed, _, given = query.rpartition("&hmac=")
    expected = hmac.new(shop.config.key.encode(), signed.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise LinkRefused("Its signature is wrong.")
    pairs = [part.partition("=") for part in signed.split("&")]
    names = tuple(name for name, _, _ in pairs)
    if names != KEYS:
        raise LinkRefused(f"It must have exactly {', '.join(KEYS)}, in this order.")
    return {name: _decoded(name, value) for name, _, value in pairs}


def _decoded(name: str, value: str) -> str:
    try:
        text = unquote(value, errors="strict")
    except UnicodeDecodeError as fault:
        raise LinkRefused(f"Its {name} is not UTF-8.") from fault
    if quote(text, safe="") != value:
        raise LinkRefused(f"Its {name} is not percent-encoded as it must be.")
    return text


def _amount(text: str) -> Decimal:
    amount = amount_of(text) if AMOUNT.fullmatch(text) else None
    if amount is None or not 0 < amount <= MOST:
        raise LinkRefused("Its amount is missing or not valid.")
    return amount
