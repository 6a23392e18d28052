"""EveryPay's words and formats (eis.md 9.1, protocols.md 1)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from app.domain.dispute import News
from app.domain.errors import Invalid
from app.domain.money import Money, format_amount, parse_amount
from app.domain.payment import ObservedState
from app.domain.ports import CreatedPayment, FetchedPayment, Json, RefundedPayment
from app.integrations.http import excerpt

# Every payment_state there is, the misspellings included; a word that is not here is UNKNOWN: kept and asked about.
STATES: dict[str, ObservedState] = {
    "initial": ObservedState.INITIAL,
    "waiting_for_sca": ObservedState.PENDING,
    "waiting_for_3ds_response": ObservedState.PENDING,
    "confirmed_3ds": ObservedState.PENDING,
    "sent_for_processing": ObservedState.PROCESSING,
    "authorised": ObservedState.AUTHORIZED,
    "authorized": ObservedState.AUTHORIZED,
    "settled": ObservedState.COMPLETED,
    "failed": ObservedState.FAILED,
    "voided": ObservedState.CANCELLED,
    "abandoned": ObservedState.EXPIRED,
    "refunded": ObservedState.REFUNDED,
    "partially_refunded": ObservedState.REFUNDED,
    "chargebacked": ObservedState.CHARGED_BACK,
    "charged_back": ObservedState.CHARGED_BACK,
}

# What the initiators receive: exactly these, absent ones as null (eis.md 9.1.6).
SNAPSHOT_KEYS = (
    "account_name",
    "order_reference",
    "email",
    "customer_ip",
    "customer_url",
    "payment_created_at",
    "initial_amount",
    "standing_amount",
    "payment_reference",
    "payment_link",
    "api_username",
    "warnings",
    "stan",
    "fraud_score",
    "payment_state",
    "payment_method",
    "ob_details",
    "creditor_iban",
    "ob_payment_reference",
    "ob_payment_state",
    "transaction_time",
)

REFERENCE = re.compile(r"[0-9A-Za-z]{8,80}", re.ASCII)
_LINK = re.compile(r"https?://[!-~]{3,2000}", re.ASCII)
_LONGEST_TEXT = 200
_TAKEN = re.compile(r"order.?reference.*(used|unique|taken|exist|duplicat)", re.IGNORECASE)


class Unreadable(ValueError):
    """The answer is no payment."""


def check_reference(reference: str) -> str:
    """Return the payment reference. Raises Invalid for what cannot be one (security.md T04)."""
    if not REFERENCE.fullmatch(reference):
        raise Invalid.field("payment_reference", "must be 8 to 80 letters and digits")
    return reference


def observed(state: object) -> ObservedState:
    """Return our word for a payment_state."""
    return STATES.get(state, ObservedState.UNKNOWN) if isinstance(state, str) else ObservedState.UNKNOWN


def amount_out(money: Money) -> Decimal:
    """Return the amount as the number EveryPay wants, with all its decimals."""
    return Decimal(format_amount(money))


def read_created(body: Json) -> CreatedPayment:
    """Return what a new payment is called and where it is paid. Raises Unreadable."""
    reference, link = body.get("payment_reference"), body.get("payment_link")
    if not _is(REFERENCE, reference) or not _is(_LINK, link):
        raise Unreadable
    return CreatedPayment(str(reference), str(link), str(body.get("payment_state", "initial")), body)


# Every event name there is (eis.md 5.12); `callback` is a portal's, which names none.
_EVENTS = {
    "dispute_opened": News.DISPUTED,
    "dispute_updated": News.DISPUTED,
    "dispute_reopened": News.DISPUTED,
    "dispute_charged_back": News.TAKEN_BACK,
    "dispute_reversed": News.DISPUTE_ENDED,
    "issuer_reported_fraudulent": News.FRAUD,
    "merchant_reported_fraudulent": News.FRAUD,
    "refund_failed": News.REFUND_FAILED,
    **dict.fromkeys(
        (
            "abandoned",
            "callback",
            "card_art_updated",
            "chargebacked",
            "marked_for_capture",
            "refunded",
            "status_update",
            "status_updated",
            "token_updated",
            "voided",
        ),
        News.LOOK,
    ),
}


def news(event: str) -> News:
    """Return what an event is about; a name nobody knows is UNKNOWN."""
    return _EVENTS.get(event, News.UNKNOWN)


def read_payment(body: Json, currency: str) -> FetchedPayment:
    """Return the payment in our words. Raises Unreadable when the reference, account or order is not there.

    An amount that is no amount becomes None, which agrees with nothing that was asked.
    """
    reference, account, order = (body.get(key) for key in ("payment_reference", "account_name", "order_reference"))
    if not isinstance(reference, str) or not isinstance(account, str) or not isinstance(order, str | int):
        raise Unreadable
    return FetchedPayment(
        external_id=reference,
        account=account,
        order_reference=str(order),
        state=observed(body.get("payment_state")),
        provider_state=str(body.get("payment_state"))[:_LONGEST_TEXT],
        initial=_amount(body.get("initial_amount"), currency),
        standing=_amount(body.get("standing_amount"), currency),
        method=_text(body.get("payment_method")),
        custom_field_1=_text(_object(body.get("linkpay_customer_data")).get("custom_field_1")),
        snapshot={key: body.get(key) for key in SNAPSHOT_KEYS},
        raw=body,
    )


def read_refunded(body: Json, currency: str) -> RefundedPayment:
    """Return the answer to a refund or a void (eis.md 9.1.4). Raises Unreadable when it names no payment."""
    reference = body.get("payment_reference")
    if not isinstance(reference, str):
        raise Unreadable
    return RefundedPayment(
        external_id=reference,
        state=observed(body.get("payment_state")),
        provider_state=str(body.get("payment_state"))[:_LONGEST_TEXT],
        initial=_amount(body.get("initial_amount"), currency),
        standing=_amount(body.get("standing_amount"), currency),
        raw=body,
    )


def says_order_is_taken(message: str) -> bool:
    """Return whether a refusal says that the order reference was used before; its code is not documented."""
    return _TAKEN.search(message) is not None


def refusal(body: Any) -> tuple[int | str | None, str]:
    """Return code and message of an error object."""
    error = _object(body).get("error")
    code = _object(error).get("code")
    message = error if isinstance(error, str) else _object(error).get("message")
    return code if isinstance(code, int | str) else None, excerpt(str(message or "refused without a reason"))


def _amount(value: Any, currency: str) -> Money | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        return parse_amount(str(value), currency)
    except Invalid:
        return None


def _text(value: Any) -> str | None:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else None


def _is(grammar: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and grammar.fullmatch(value) is not None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
