"""What callers of version 2 send: bodies and queries, in which a field nobody knows is an error (security.md T33)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from app.blueprints.api.v2.fields import (
    PAGE_ROWS,
    Amount,
    AskedNumber,
    AskedTruth,
    Codes,
    Day,
    DayOrMoment,
    DuePeriod,
    EventTypes,
    Expansions,
    Filled,
    InvoiceKinds,
    InvoiceOrder,
    InvoiceStatuses,
    Limit,
    Moment,
    Name,
    Names,
    Number,
    OverlapSeconds,
    PaymentStatuses,
    Percent,
    Period,
    Quantity,
    RefundStatuses,
    Standings,
    Switch,
    Text,
    Truth,
)
from app.queries.sorting import Sort
from app.services.many_invoices import MOST_INVOICES
from app.services.many_invoices import MOST_LINES as MOST_LINES_TOGETHER

MOST_LINES = 100
BULK_BYTES = 8 * 1024 * 1024


class Strict(BaseModel):
    """A body or a query whose every field is known."""

    model_config = ConfigDict(extra="forbid")


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})


class NothingAsked(Strict):
    """No parameters."""


class RehearsalQuery(Strict):
    """Whether the call is a rehearsal."""

    dry_run: Truth = Field(default=False, description="Check and answer as always, and do nothing")


class PageQuery(Strict):
    """Which part of a list."""

    limit: Limit = PAGE_ROWS
    cursor: Text | None = Field(None, description="next_cursor of the page before")


class ExpandQuery(Strict):
    """What is wanted beside the invoice."""

    expand: Expansions = Field((), description="lines, payments, events; separated by commas")


class InvoicesQuery(PageQuery, ExpandQuery):
    """Which invoices, in the words of the portal's list: what follows the `?` of its address is understood here, too.

    Moments `from` are included, moments `to` are not; of days both are, and they are days of Tallinn.
    """

    q: Text = Field("", description="What a person would type: part of a number, words, an e-mail, an amount")
    status: InvoiceStatuses = ()
    service: Codes = Field((), description="Codes of initiators, separated by commas")
    kind: InvoiceKinds = ()
    number: AskedNumber | None = None
    reference_number: Text = ""
    customer_email: Text = ""
    amount_min: Amount | None = None
    amount_max: Amount | None = None
    created: Period = Field("", description="Days that move with the calendar, such as this_month")
    created_from: DayOrMoment | None = None
    created_to: DayOrMoment | None = None
    due: DuePeriod = Field("", description="Days that move with the calendar; late: payable and past its day")
    due_from: Day | None = None
    due_to: Day | None = None
    paid: Period = Field("", description="Days that move with the calendar, such as last_month")
    paid_from: DayOrMoment | None = None
    paid_to: DayOrMoment | None = None
    in_directo: AskedTruth | None = None
    e_invoice_sent: AskedTruth | None = None
    sort: InvoiceOrder = Field(
        str(Sort.NEWEST), description="What the list is ordered by; with a minus the largest comes first"
    )


class PaymentsQuery(PageQuery):
    """Which payments."""

    status: PaymentStatuses = ()
    invoice: AskedNumber | None = None
    created_from: Moment | None = None
    created_to: Moment | None = None


class RefundsQuery(PageQuery):
    """Which refunds."""

    status: RefundStatuses = ()
    invoice: AskedNumber | None = None
    payment: Text = ""
    created_from: Moment | None = None
    created_to: Moment | None = None


class ReferencesQuery(PageQuery):
    """Which reference numbers."""

    email: Text = ""


class EventsQuery(PageQuery):
    """Which events."""

    type: EventTypes = ()
    created_from: Moment | None = None
    created_to: Moment | None = None


class DigestQuery(Strict):
    """Which days, both included, in UTC."""

    first_day: Day
    last_day: Day


class Customer(Strict):
    """Who is to pay."""

    name: Name = ""
    email: Name = ""


class LineBody(Strict):
    """One line; what it comes to is rounded to cents, its tax once per rate (EN 16931)."""

    description: Filled
    unit_price: Amount = Field(description="Without tax")
    quantity: Quantity = Decimal(1)
    unit: Text = ""
    tax_rate: Percent | None = Field(None, description="In percent; without it the line is untaxed")


class InvoiceBody(Strict):
    """A new invoice."""

    model_config = _example(amount="120.00", description="example.ee for a year", customer={"name": "ACME"})

    amount: Amount = Field(description="Gross, in EUR; zero makes the invoice paid at once")
    number: Number | None = Field(None, description="A number you hold; without it the next one of the range")
    initiator: Text = Field("", description="Whose it is: yourself, or a service you act for")
    description: Text = ""
    reference_number: Name = ""
    customer: Customer = Customer()
    lines: list[LineBody] = Field(
        [], max_length=MOST_LINES, description="What it is for; with them `amount` must be what they come to with tax"
    )


class ManyInvoicesBody(Strict):
    """New invoices, all of them or none."""

    LIMIT_BYTES: ClassVar[int] = BULK_BYTES
    model_config = _example(
        invoices=[{"amount": "120.00", "description": "example.ee for a year"}, {"amount": "15.00"}]
    )

    invoices: list[InvoiceBody] = Field(
        min_length=1,
        max_length=MOST_INVOICES,
        description=f"At most {MOST_LINES_TOGETHER} lines together; the body may have 8 MiB",
    )


class AmountChange(Strict):
    """A new total."""

    model_config = _example(amount="99.50")

    amount: Amount


class Cancellation(Strict):
    """The end of an invoice nobody paid."""

    model_config = _example(reason="The order was withdrawn")

    reason: Text = Field("", description="Shown on the timeline")


class PaymentBody(Strict):
    """Send a payer to pay an invoice now."""

    model_config = _example(invoice=150330, return_url="https://portal.example/back")

    invoice: Number
    return_url: Filled = Field(description="Where the payer returns to: on a registered origin")
    amount: Amount | None = Field(None, description="Above zero and at most what is due; without it all that is due")
    reference_number: Name = ""


class RefundBody(Strict):
    """Money to give back."""

    model_config = _example(payment="kT3yq0S9v1JgYw2Bq8x4Zg", amount="20.00", reason="The payer withdrew in time")

    payment: Filled = Field(description="The payment's id")
    amount: Amount | None = Field(None, description="Above zero and at most what is left; without it all that is left")
    reason: Filled = Field(description="Shown on the timeline, and to whoever must agree")
    invoice: Number | None = Field(None, description="Of a bulk payment: which member the money goes off")


class ReferenceBody(Strict):
    """A new reference number."""

    model_config = _example(owner="ACME", email="billing@example.ee")

    initiator: Text = Field("", description="Yourself, or a service you act for")
    owner: Name = ""
    email: Name = ""


class DeliveriesQuery(PageQuery):
    """Which messages to an endpoint."""

    state: Standings = ()


class EndpointBody(Strict):
    """A new webhook endpoint."""

    model_config = _example(url="https://registry.example/hooks", types=["invoice.*", "payment.completed"])

    url: Filled = Field(description="On an origin that is registered for the service")
    types: Names = Field([], description="What it hears: types, or such as invoice.*; nothing means all of them")
    description: Text = ""
    initiator: Text = Field("", description="Whose events: yourself, or a service you act for")


class EndpointChange(Strict):
    """What to change of an endpoint; what is not named stays."""

    model_config = _example(enabled=True)

    url: Filled | None = None
    types: Names | None = None
    description: Text | None = None
    enabled: Switch | None = None


class Withdrawal(Strict):
    """The end of a refund that has not left."""

    model_config = _example(reason="Asked for by mistake")

    reason: Filled = Field(description="Shown on the timeline")


class PingBody(Strict):
    """Nothing has to be said."""


class Rotation(Strict):
    """A new secret."""

    model_config = _example(keep_previous_s=86400)

    keep_previous_s: OverlapSeconds = Field(86_400, description="How long the secret before signs beside the new one")


class ResendBody(Strict):
    """Which events to send once more: named ones, or a range that ends before `created_to`."""

    model_config = _example(created_from="2026-11-20T00:00:00Z", created_to="2026-11-21T00:00:00Z")

    events: Names = Field([], description="Names of events")
    types: Names = Field([], description="Of a range only these; nothing means what the endpoint hears")
    created_from: Moment | None = None
    created_to: Moment | None = None
    cursor: Text | None = Field(None, description="next_cursor of the event list, or of the resend before")
