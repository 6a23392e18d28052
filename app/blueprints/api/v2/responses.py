"""What callers of version 2 get: each resource in one shape; amounts are decimal strings, ids are never keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from app.domain.why_not_paid import FOUND

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
    event: str | None = Field(description="The event a webhook would tell")


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


class ManyInvoicesShape(Rehearsed):
    """The invoices of a call in its order; their lines are shown where one asks for them."""

    invoices: list[InvoiceShape]


class RefundShape(Rehearsed):
    """Money on its way back; `invoice` is what it goes off, null for what the payer had paid too much.

    Of a bulk payment that is one of its members.
    """

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


class EndpointShape(Rehearsed):
    """Where a service hears what happens; its secret is read from `/secret`."""

    id: str
    initiator: str
    url: str
    types: list[str] = Field(description="Empty means all")
    description: str
    enabled: bool
    disabled_by: str | None = Field(description="service, gone (it answered 410) or failing")
    failing_since: datetime | None
    last_success_at: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime


class SecretShape(BaseModel):
    """The secrets that sign now, the newest first."""

    secrets: list[str]


class DeliveryShape(BaseModel):
    """One message to an endpoint; skipped ones were owed while it was off."""

    event: str
    type: str
    state: str
    attempts: int
    answer_status: int | None
    answer_ms: int | None
    last_error: str | None
    created_at: datetime
    next_try_at: datetime | None
    done_at: datetime | None


class PingShape(Rehearsed):
    """What an endpoint said to a test message; `fault` is null when it took it."""

    id: str
    delivered: bool
    answer_status: int | None
    answer_ms: int | None
    fault: str | None


class ResentShape(Rehearsed):
    """How many messages are owed now; with `has_more` the same call goes on from `next_cursor`."""

    queued: int
    next_cursor: str | None
    has_more: bool


class DigestRowShape(BaseModel):
    """The invoices of one service made on one day that are now in one state."""

    initiator: str
    day: date
    status: str
    currency: str
    count: int
    amount: str
    paid: str
    refunded: str
    hash: str = Field(description='SHA-256 of the lines "number amount-in-cents", joined by line feeds, by number')


class DigestShape(BaseModel):
    """One row per service, day, state and currency, in this order; days are those of UTC."""

    first_day: date
    last_day: date
    data: list[DigestRowShape]


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


class EndpointPage(PageShape[EndpointShape]):
    """Endpoints, newest first."""


class DeliveryPage(PageShape[DeliveryShape]):
    """Messages to an endpoint, newest first."""


class EventPage(BaseModel):
    """Events, oldest first; `next_cursor` is where to go on, now or later, whether or not there are more yet."""

    data: list[EventShape]
    next_cursor: str | None
    has_more: bool
