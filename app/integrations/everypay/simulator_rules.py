"""What the gateway asks of a request before it does anything (eis.md 9.1, protocols.md 1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.integrations.simulator_requests import amount_of

if TYPE_CHECKING:
    from app.integrations.everypay.simulator_shop import Shop

    Refusal = tuple[int, int, str]  # HTTP status, the vendor's code, the vendor's words

ORDER = re.compile(r"[a-zA-Z0-9/\-?:().,'+ ]{1,120}")
ADDRESS = re.compile(r"https?://[!-~]{1,2000}", re.IGNORECASE)
NONCE = re.compile(r"[!-~]{1,255}")
CLOCK_WINDOW = timedelta(minutes=5)
WRONG_CLOCK = (422, 4997, "The timestamp is not valid")
MOST = Decimal(7_000_000)
SIGNED = frozenset({"api_username", "nonce", "timestamp"})
ONE_OFF = SIGNED | {"account_name", "amount", "order_reference", "customer_url"}
CHANGE = SIGNED | {"payment_reference"}


def oneoff_fault(shop: Shop, body: dict[str, Any]) -> Refusal | None:
    """Return why no payment can be made of this, or None. Call it where nobody can make another meanwhile."""
    fault = _signed_fault(shop, body, ONE_OFF)
    if fault:
        return fault
    if body["account_name"] != shop.config.account_name:
        return 422, 4002, "Account not found"
    amount = amount_of(body["amount"])
    # Nothing is asked for only when a card is to be remembered.
    if amount is None or amount > MOST or (amount == 0 and body.get("request_token") is not True):
        return 422, 4010, "The amount is not valid"
    return _order_fault(shop, body)


def _order_fault(shop: Shop, body: dict[str, Any]) -> Refusal | None:
    if not ORDER.fullmatch(str(body["order_reference"])):
        return 422, 4011, "The order reference is not valid"
    if not isinstance(body["customer_url"], str) or not ADDRESS.fullmatch(body["customer_url"]):
        return 422, 4012, "The customer URL is not valid"
    if shop.config.unique_orders and shop.by_order(str(body["order_reference"])):
        return 422, 4036, "The order reference was used before"
    return None


def change_fault(shop: Shop, body: dict[str, Any], more: frozenset[str] = frozenset()) -> Refusal | None:
    """Return why a payment cannot be refunded, voided or captured with this, or None."""
    fault = _signed_fault(shop, body, CHANGE | more)
    if fault:
        return fault
    if shop.payment(str(body["payment_reference"])) is None:
        return 404, 4040, "Payment not found"
    return None


def _signed_fault(shop: Shop, body: dict[str, Any], needed: frozenset[str]) -> Refusal | None:
    missing = needed - set(body)
    if missing:
        return 422, 4000, f"Missing parameters: {', '.join(sorted(missing))}"
    if body["api_username"] != shop.config.api_username:
        return 422, 4002, "Account not found"
    if not NONCE.fullmatch(str(body["nonce"])):
        return 422, 4025, "The nonce is not valid"
    if shop.store.get("nonce", str(body["nonce"])):
        return 422, 4025, "The nonce was used before"
    if not _in_time(str(body["timestamp"])):
        return WRONG_CLOCK
    return None


def _in_time(text: str) -> bool:
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return False
    try:
        return then.tzinfo is not None and abs(datetime.now(UTC) - then) <= CLOCK_WINDOW
    except OverflowError:
        return False
