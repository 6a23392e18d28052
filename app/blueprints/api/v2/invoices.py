"""`/api/v2/invoices`: what is owed, found, made, changed, cancelled."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import cursors, requests, resources, responses, serializers
from app.blueprints.api.v2.doors import reads, writes
from app.domain.errors import Invalid
from app.domain.money import Money
from app.domain.permission import Permission
from app.integrations import current
from app.queries import owned_invoices
from app.queries.invoice_filter import InvoiceFilter
from app.queries.sorting import Sort
from app.queries.why_not_paid import why_not_paid
from app.services import invoice_lines, invoices, many_invoices, numbering, status_reports
from app.services.invoice_lines import LineWish
from app.services.invoices import RegisteredDifferently, RegisterInvoice
from app.services.many_invoices import InvoiceWish
from app.web.invoice_parameters import NAMES
from app.web.sealed_cursor import unseal_newest

if TYPE_CHECKING:
    from collections.abc import Iterator

bp = APIBlueprint("invoices_v2", __name__, url_prefix="/api/v2/invoices", tag="Invoices v2")
LIST = "invoices"
# Field names of version 1, in which the verbs report faults -> those of version 2.
FIELDS = {"custom_field2": "initiator", "invoice_number": "number"}


@reads(bp, "", asks=requests.InvoicesQuery, gives=responses.InvoicePage, summary="List invoices")
def list_invoices(asked: requests.InvoicesQuery) -> dict[str, Any]:
    """Return a page of the caller's invoices, newest first unless another order is asked for."""
    of = cursors.of_list(LIST, asked)
    after = unseal_newest(of, asked.cursor)
    found = owned_invoices.search(caller().owns, _filter(asked), after, asked.limit, Sort(asked.sort))
    return resources.page(of, resources.invoices(found.rows, asked.expand), found)


@reads(bp, "/<int:number>", asks=requests.ExpandQuery, gives=responses.InvoiceShape, summary="Get an invoice")
def get_invoice(asked: requests.ExpandQuery, number: int) -> dict[str, Any]:
    """Return one invoice."""
    return resources.invoice(caller().owns, number, asked.expand)


@reads(
    bp,
    "/<int:number>/why-not-paid",
    asks=requests.NothingAsked,
    gives=responses.WhyShape,
    summary="Say why an invoice is not paid, and what to do next",
)
def get_why_not_paid(asked: requests.NothingAsked, number: int) -> dict[str, Any]:  # noqa: ARG001 - nothing is asked
    """Return the first cause that holds."""
    return serializers.why(number, why_not_paid(owned_invoices.by_number(caller().owns, number)))


@writes(
    bp,
    "",
    takes=requests.InvoiceBody,
    gives=responses.InvoiceShape,
    summary="Create an invoice",
    scope=Permission.ISSUE_INVOICE,
)
def create_invoice(body: requests.InvoiceBody) -> dict[str, Any]:
    """Register an invoice; the same number, amount and lines again get the same answer."""
    who = caller()
    added = invoice_lines.check([_line(each) for each in body.lines], body.amount, _today()) if body.lines else None
    number = body.number or numbering.take_invoice_number(who)
    command = RegisterInvoice(
        number=number,
        amount=body.amount,
        initiator_code=body.initiator or who.code,
        description=body.description,
        reference_number=body.reference_number,
        customer_name=body.customer.name,
        customer_email=body.customer.email,
        custom_field_1=body.description,
    )
    with _in_our_words():
        registered = invoices.register(who, command, current().links)
    if added is None:
        return resources.invoice(who.owns, number)
    if registered.created:
        invoice_lines.keep(number, who.tenant_id, added)
    elif not invoice_lines.are_kept(number, who.tenant_id, added):
        raise RegisteredDifferently
    return resources.invoice(who.owns, number, ["lines"])


@writes(
    bp,
    "/bulk",
    takes=requests.ManyInvoicesBody,
    gives=responses.ManyInvoicesShape,
    summary="Create many invoices at once, all of them or none",
    scope=Permission.ISSUE_INVOICE,
)
def create_invoices(body: requests.ManyInvoicesBody) -> dict[str, Any]:
    """Register them all; the same numbers, amounts and lines again get the same answer."""
    who = caller()
    wishes = [_wish(each, who.code) for each in body.invoices]
    numbers = many_invoices.register_all(who, wishes, _today(), current().links)
    return {"invoices": resources.invoices(owned_invoices.by_numbers(who.owns, numbers), ())}


@writes(
    bp,
    "/<int:number>",
    method="PATCH",
    takes=requests.AmountChange,
    gives=responses.InvoiceShape,
    status=200,
    summary="Change the amount of an invoice nobody has paid",
    scope=Permission.EDIT_INVOICE,
)
def change_invoice(body: requests.AmountChange, number: int) -> dict[str, Any]:
    """Set a new total and sign the payment link anew."""
    invoices.change_amount(caller(), number, body.amount, current().links)
    return resources.invoice(caller().owns, number)


@writes(
    bp,
    "/<int:number>/cancellation",
    takes=requests.Cancellation,
    gives=responses.InvoiceShape,
    status=200,
    summary="Cancel an invoice nobody has paid",
    scope=Permission.CANCEL,
)
def cancel_invoice(body: requests.Cancellation, number: int) -> dict[str, Any]:
    """Cancel it; cancelling it again changes nothing."""
    status_reports.cancel(caller(), number, body.reason)
    return resources.invoice(caller().owns, number)


def _wish(body: requests.InvoiceBody, caller_code: str) -> InvoiceWish:
    return InvoiceWish(
        amount=body.amount,
        initiator=body.initiator or caller_code,
        number=body.number,
        description=body.description,
        reference_number=body.reference_number,
        customer_name=body.customer.name,
        customer_email=body.customer.email,
        lines=tuple(_line(each) for each in body.lines),
    )


def _line(body: requests.LineBody) -> LineWish:
    return LineWish(body.description, body.quantity, body.unit, body.unit_price, body.tax_rate)


def _today() -> date:
    return datetime.now(UTC).date()


def _filter(asked: requests.InvoicesQuery) -> InvoiceFilter:
    said: dict[str, Any] = {part: getattr(asked, name) for part, name in NAMES.items()}
    return InvoiceFilter(**{part: _minor(each) for part, each in said.items()})


def _minor(value: Any) -> Any:
    return value.minor if isinstance(value, Money) else value


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except Invalid as fault:
        raise Invalid({FIELDS.get(name, name): faults for name, faults in fault.fields.items()}) from None
