"""The bodies the services are sent, in the order the contract writes their fields (eis.md 10.2, appendix B).

What is owed is kept in a form that forgets the order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.ports import Json

SNAPSHOT = (
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
PAYMENT = (*SNAPSHOT, "invoice_number_collection")
DEPOSIT = (
    "domain_name",
    "user_uuid",
    "user_email",
    "transaction_amount",
    "invoice_number",
    "description",
    "affiliation",
)
INVOICE = (
    "invoice_number",
    "initiator",
    "payment_reference",
    "transaction_amount",
    "status",
    "in_directo",
    "everypay_response",
    "transaction_time",
    "sent_at_omniva",
)


def payment_status(payload: Json) -> Json:
    """Return the news of a payment, or of a deposit, in order; a collection names number before reference."""
    if "domain_name" in payload:
        return _in_order(payload, DEPOSIT)
    body = _in_order(payload, PAYMENT)
    if collection := body.get("invoice_number_collection"):
        body["invoice_number_collection"] = [_in_order(each, ("number", "ref")) for each in collection]
    return body


def synchronise(payload: Json) -> Json:
    """Return an invoice with the status it should have, in order."""
    body = _in_order(payload, ("invoice", "status"))
    if isinstance(body.get("invoice"), dict):
        body["invoice"] = _in_order(body["invoice"], INVOICE)
        if isinstance(body["invoice"].get("everypay_response"), dict):
            body["invoice"]["everypay_response"] = _in_order(body["invoice"]["everypay_response"], SNAPSHOT)
    return body


def _in_order(body: Json, names: Sequence[str]) -> Json:
    """Return the same fields, those with a place first."""
    return {name: body[name] for name in names if name in body} | body
