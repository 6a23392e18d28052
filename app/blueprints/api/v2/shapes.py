"""What callers of version 2 get: each resource in one shape; amounts are decimal strings, ids are never keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from app.domain.money import Money, format_amount
from app.domain.why_not_paid import FOUND

if TYPE_CHECKING:
    from app.domain.why_not_paid import Explanation
    from app.models.announcement import Announcement
    from app.models.invoice import Invoice, InvoiceLine
    from app.models.payment import Payment
    from app.models.reference import Reference
    from app.models.refund import Refund
    from app.queries.consequences import Consequences

T = TypeVar("T")


class EntryShape(BaseModel):
    """One side of a booking that would be made; positive is the debit side."""

    transaction: str
    account: str
    amount: str
    currency: str


class MessageShape(BaseModel):
    """One message that would be owed."""

    kind: str
    to: str


class RehearsalShape(BaseModel):
    """What would have followed: nothing of it was kept."""

    entries: list[EntryShape]
    events: list[str]
    messages: list[MessageShape]


class Rehearsed(BaseModel):
    """A resource that a rehearsal may answer with."""

    rehearsal: RehearsalShape | None = Field(None, description="Only in answers to dry_run=true")


class Payer(BaseModel):
    """Who is to pay."""

    name: str
    email: str


class LineShape(BaseModel):
    """One line of an invoice."""

    position: int
    description: str
    quantity: str
    unit: str
    unit_price: str
    net: str
    tax_rate: str | None
    tax: str


class PaymentShape(Rehearsed):
    """One try to move money."""

    id: str
    invoice: int | None
    status: str
    method: str
    gateway: str
    amount: str
    received: str
    refunded: str
    currency: str
    order_reference: str | None
    gateway_reference: str | None
    payment_url: str | None = Field(description="The page to send the payer to, where there is one")
    failure_code: str | None
    late: bool
    created_at: datetime
    completed_at: datetime | None
    version: int


class EventShape(BaseModel):
    """One thing that happened; its data is what it was then."""

    id: str
    type: str
    schema_: int = Field(alias="schema", description="The version of data, which only ever grows")
    timestamp: str
    initiator: str
    data: dict[str, Any]


class InvoiceShape(Rehearsed):
    """What is owed; `lines`, `payments` and `events` are there when they are asked for with `expand`."""

    number: int
    status: str
    initiator: str
    kind: str
    amount: str
    paid: str
    refunded: str
    due: str
    currency: str
    description: str
    reference_number: str
    customer: Payer
    payment_link: str | None
    created_at: datetime
    issued_at: datetime | None
    due_on: date | None
    paid_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    version: int
    lines: list[LineShape] | None = None
    payments: list[PaymentShape] | None = None
    events: list[EventShape] | None = None


class RefundShape(BaseModel):
    """Money on its way back."""

    id: str
    payment: str
    invoice: int | None
    status: str
    amount: str
    currency: str
    reason: str
    failure_code: str | None
    created_at: datetime
    finished_at: datetime | None


class ReferenceShape(Rehearsed):
    """A reference number and whose it is."""

    number: str
    initiator: str
    owner: str | None
    email: str | None
    created_at: datetime


class WhyShape(BaseModel):
    """Why an invoice is not paid: `sentence` is the whole answer, `cause` its stable word."""

    number: int
    is_paid: bool
    cause: Literal[FOUND]  # type: ignore[valid-type]
    sentence: str
    because: str
    next_step: str
    ruled_out: list[str] = Field(description="Causes that were looked at before and do not hold")


class PageShape(BaseModel, Generic[T]):
    """A part of a list, newest first; `next_cursor` is null at its end."""

    data: list[T]
    next_cursor: str | None


class InvoicePage(PageShape[InvoiceShape]):
    """Invoices, newest first."""


class PaymentPage(PageShape[PaymentShape]):
    """Payments, newest first."""


class RefundPage(PageShape[RefundShape]):
    """Refunds, newest first."""


class ReferencePage(PageShape[ReferenceShape]):
    """Reference numbers, newest first."""


class EventPage(BaseModel):
    """Events, oldest first; `next_cursor` is where to go on, now or later, whether or not there are more yet."""

    data: list[EventShape]
    next_cursor: str | None
    has_more: bool


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
        "messages": [{"kind": kind, "to": lane} for kind, lane in followed.messages],
    }


def amount(minor: int, currency: str) -> str:
    """Return an amount as a decimal string with all places of its currency."""
    return format_amount(Money(minor, currency))


def invoice(each: Invoice, code: str) -> dict[str, Any]:
    """Return an invoice without what belongs to it."""
    currency = each.currency
    due = 0 if each.cancelled_at else each.total_minor - each.captured_minor
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
        "unit_price": amount(each.unit_price_minor, currency),
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
    """Return a refund of this payment."""
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


def why(number: int, explained: Explanation) -> dict[str, Any]:
    """Return the explanation of one invoice."""
    found = explained.finding
    return {
        "number": number,
        "is_paid": found.is_paid,
        "cause": found.cause,
        "sentence": found.sentence,
        "because": found.because,
        "next_step": found.next_step,
        "ruled_out": list(explained.ruled_out),
    }


def event(each: Announcement) -> dict[str, Any]:
    """Return an event as it was told, or would have been."""
    return {"id": each.token, **each.payload}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
