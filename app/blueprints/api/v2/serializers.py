"""Rows of our tables in the shapes of version 2: amounts are decimal strings, ids are never keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.money import Money, format_amount
from app.domain.totals import format_price
from app.web import why_words

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.why_not_paid import Explanation
    from app.models.announcement import Announcement
    from app.models.invoice import Invoice, InvoiceLine
    from app.models.payment import Payment
    from app.models.reference import Reference
    from app.models.refund import Refund
    from app.models.webhook import WebhookEndpoint
    from app.queries.consequences import Consequences
    from app.queries.digest import DigestRow
    from app.queries.webhooks import Delivery
    from app.services.webhook_ping import Pinged


def rehearsal(followed: Consequences) -> dict[str, Any]:
    """Return what would follow."""
    return {
        "entries": [
            {
                "transaction": each.transaction,
                "account": each.account,
                "amount": amount(each.amount_minor, each.currency),
                "currency": each.currency,
            }
            for each in followed.entries
        ],
        "events": list(followed.events),
        "messages": [{"kind": each.kind, "to": each.lane, "event": each.event} for each in followed.messages],
    }


def amount(minor: int, currency: str) -> str:
    """Return an amount as a decimal string with all places of its currency."""
    return format_amount(Money(minor, currency))


def invoice(each: Invoice, code: str) -> dict[str, Any]:
    """Return an invoice without what belongs to it."""
    currency = each.currency
    due = 0 if each.cancelled_at else each.open_minor
    return {
        "number": each.number,
        "status": each.status,
        "initiator": code,
        "kind": each.kind,
        "amount": amount(each.total_minor, currency),
        "paid": amount(each.captured_minor, currency),
        "refunded": amount(each.refunded_minor, currency),
        "due": amount(due, currency),
        "currency": currency,
        "description": each.description,
        "reference_number": each.reference_number,
        "customer": {"name": each.customer_name, "email": each.customer_email},
        "payment_link": each.payment_link,
        "created_at": _moment(each.created_at),
        "issued_at": _moment(each.issued_at),
        "due_on": each.due_on.isoformat() if each.due_on else None,
        "paid_at": _moment(each.paid_at),
        "cancelled_at": _moment(each.cancelled_at),
        "cancel_reason": each.cancel_reason,
        "version": each.version,
    }


def line(each: InvoiceLine, currency: str) -> dict[str, Any]:
    """Return one line."""
    return {
        "position": each.position,
        "description": each.description,
        "quantity": str(each.quantity),
        "unit": each.unit,
        "unit_price": format_price(each.unit_price_minor, currency),
        "net": amount(each.net_minor, currency),
        "tax_rate": None if each.tax_rate is None else str(each.tax_rate),
        "tax": amount(each.tax_minor, currency),
    }


def payment(each: Payment, number: int | None) -> dict[str, Any]:
    """Return a payment of the invoice with this number."""
    return {
        "id": each.public_token,
        "invoice": number,
        "status": each.status,
        "method": each.gateway_method or each.method,
        "gateway": each.gateway,
        "amount": amount(each.amount_minor, each.currency),
        "received": amount(each.captured_minor, each.currency),
        "refunded": amount(each.refunded_minor, each.currency),
        "currency": each.currency,
        "order_reference": each.merchant_ref,
        "gateway_reference": each.external_id,
        "payment_url": each.payment_link,
        "failure_code": each.failure_code,
        "late": each.late,
        "created_at": _moment(each.created_at),
        "completed_at": _moment(each.completed_at),
        "version": each.version,
    }


def refund(each: Refund, of: Payment, number: int | None) -> dict[str, Any]:
    """Return a refund of this payment, which goes off the invoice with this number or, without one, off credit."""
    return {
        "id": each.public_token,
        "payment": of.public_token,
        "invoice": number,
        "status": each.status,
        "amount": amount(each.amount_minor, each.currency),
        "currency": each.currency,
        "reason": each.reason,
        "failure_code": each.failure_code,
        "created_at": _moment(each.created_at),
        "finished_at": _moment(each.finished_at),
    }


def reference(each: Reference, code: str) -> dict[str, Any]:
    """Return a reference number."""
    return {
        "number": each.number,
        "initiator": code,
        "owner": each.owner,
        "email": each.email,
        "created_at": _moment(each.created_at),
    }


def endpoint(each: WebhookEndpoint, code: str) -> dict[str, Any]:
    """Return an endpoint without its secret."""
    return {
        "id": each.token,
        "initiator": code,
        "url": each.url,
        "types": each.types,
        "description": each.description,
        "enabled": each.enabled,
        "disabled_by": each.disabled_by,
        "failing_since": _moment(each.failing_since),
        "last_success_at": _moment(each.last_success_at),
        "previous_secret_until": _moment(each.previous_until),
        "created_at": _moment(each.created_at),
    }


def delivery(each: Delivery) -> dict[str, Any]:
    """Return one message to an endpoint."""
    return {
        "event": each.event,
        "type": each.type,
        "state": each.state,
        "attempts": each.attempts,
        "answer_status": each.answer_status,
        "answer_ms": each.answer_ms,
        "last_error": each.last_error,
        "created_at": _moment(each.created_at),
        "next_try_at": _moment(each.next_try_at),
        "done_at": _moment(each.done_at),
    }


def pinged(each: Pinged) -> dict[str, Any]:
    """Return what an endpoint said to a test message."""
    return {
        "id": each.message_id,
        "delivered": each.delivered,
        "answer_status": each.answer_status,
        "answer_ms": each.answer_ms,
        "fault": each.fault,
    }


def digest_row(each: DigestRow) -> dict[str, Any]:
    """Return one row of the digest."""
    return {
        "initiator": each.code,
        "day": each.day.isoformat(),
        "status": each.status,
        "currency": each.currency,
        "count": each.count,
        "amount": amount(each.total_minor, each.currency),
        "paid": amount(each.paid_minor, each.currency),
        "refunded": amount(each.refunded_minor, each.currency),
        "hash": each.hash,
    }


def why(number: int, explained: Explanation) -> dict[str, Any]:
    """Return the explanation of one invoice."""
    found = explained.finding
    because, next_step, sentence = why_words.in_english(found)
    return {
        "number": number,
        "is_paid": found.is_paid,
        "cause": found.cause,
        "sentence": sentence,
        "because": because,
        "next_step": next_step,
        "ruled_out": list(explained.ruled_out),
    }


def event(each: Announcement) -> dict[str, Any]:
    """Return an event as it was told, or would have been."""
    return {"id": each.token, **each.payload}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
