"""`/api/v1/invoice_generator/*`: numbers, invoices, links, statuses (eis.md 5.1 to 5.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import current_app

from app.blueprints.api import schemas
from app.blueprints.api.doors import door
from app.blueprints.api.guard import caller
from app.domain.errors import Invalid, NotFound
from app.domain.numbering import NumberRangeExhausted
from app.domain.permission import Permission
from app.integrations import current
from app.services import (
    bulk_payments,
    deposit_payments,
    deposit_reports,
    invoices,
    numbering,
    payments,
    references,
    status_reports,
)
from app.services.open_payment_pages import NotPayable
from app.web.errors import Refusal, body_of
from app.web.limits import ONE_OFFS, check

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.config import Settings

OUT_OF_RANGE = {"message": "Number create failed. out of range", "error": "out of range"}
# What a limited key must hold beside the scope of the route, by the word it reports.
STATUS_SCOPES = {"paid": Permission.SUBMIT_PAYMENT, "cancelled": Permission.CANCEL}

bp = APIBlueprint("invoice_generator", __name__, url_prefix="/api/v1/invoice_generator", tag="Invoices")


@door(
    bp,
    "/invoice_generator",
    takes=schemas.RegisterBody,
    gives=schemas.LinkAnswer,
    summary="Register an invoice and get its payment link",
    scope=Permission.ISSUE_INVOICE,
)
def register(body: schemas.RegisterBody) -> dict[str, Any]:
    """Register an invoice; the same one again gets the same answer."""
    registered = invoices.register(caller(), body.command(caller().code), current().links)
    return {"message": "Link created", "everypay_link": registered.link}


@door(
    bp,
    "/oneoff",
    takes=schemas.OneOffBody,
    gives=schemas.WarnedAnswer,
    summary="Send a payer to pay an invoice now",
    scope=Permission.CREATE,
    faults=[429, 502],
    outside=True,
)
def oneoff(body: schemas.OneOffBody) -> dict[str, Any]:
    """Make a payment at the gateway and return its page."""
    command = body.command()
    check(ONE_OFFS, caller().code)
    try:
        started = _start(command)
    except NotFound:
        raise Refusal(422, body_of(f"Invoice with {command.number} not found in internal system")) from None
    except NotPayable as refusal:
        raise Refusal(422, body_of(str(refusal), code=refusal.code)) from None
    late = {"warning": f"Invoice {command.number} is overdue"} if started.overdue else {}
    return {"message": "Link created", "oneoff_redirect_link": started.link, **late}


@door(
    bp,
    "/bulk_payment",
    takes=schemas.BulkBody,
    gives=schemas.OneOffAnswer,
    summary="Send a payer to pay several invoices at once",
    scope=Permission.CREATE,
    faults=[429, 501, 502],
    outside=True,
)
def bulk_payment(body: schemas.BulkBody) -> dict[str, Any]:
    """Make one payment for several invoices and return its page; the same again returns the same page."""
    return _start_prepared(body.customer_url, lambda: bulk_payments.prepare(caller(), body.command()))


@door(
    bp,
    "/deposit_prepayment",
    takes=schemas.DepositBody,
    gives=schemas.OneOffAnswer,
    summary="Send a user to pay a deposit",
    scope=Permission.CREATE,
    faults=[429, 501, 502],
    outside=True,
)
def deposit_prepayment(body: schemas.DepositBody) -> dict[str, Any]:
    """Make one payment for a deposit and return its page; the same again returns the same page."""
    return _start_prepared(body.customer_url, lambda: deposit_payments.prepare(caller(), body.command()))


def _start_prepared(customer_url: str, prepare: Callable[[], payments.OneOff]) -> dict[str, Any]:
    """Start the payment of an invoice that is made on the way; a wrong address burns no number."""
    settings: Settings = current_app.extensions["settings"]
    payments.check_return(customer_url, settings.initiators.return_urls, plain_http=settings.development)
    check(ONE_OFFS, caller().code)
    try:
        link = _start(prepare()).link
    except NotPayable as refusal:
        raise Refusal(422, body_of(str(refusal), code=refusal.code)) from None
    except NumberRangeExhausted as ended:
        raise Refusal(501, OUT_OF_RANGE) from ended
    return {"message": "Link created", "oneoff_redirect_link": link}


def _start(command: payments.OneOff) -> payments.StartedPayment:
    settings: Settings = current_app.extensions["settings"]
    return payments.start_one_off(
        caller(),
        command,
        current().everypay,
        settings.initiators.return_urls,
        plain_http=settings.development,
        poll_ladder_s=settings.payment_poll_ladder_s,
    )


@door(
    bp,
    "/invoice_number_generator",
    takes=schemas.NothingBody,
    gives=schemas.NumberAnswer,
    summary="Reserve an invoice number",
    scope=Permission.ISSUE_INVOICE,
    faults=[501],
)
def invoice_number_generator(_body: schemas.NothingBody) -> dict[str, Any]:
    """Reserve the next invoice number; nobody else will ever get it."""
    try:
        number = numbering.take_invoice_number(caller())
    except NumberRangeExhausted as ended:
        raise Refusal(501, OUT_OF_RANGE) from ended
    return {"message": f"Number created; {number}", "invoice_number": number}


@door(
    bp,
    "/monthly_invoice_numbers_generator",
    takes=schemas.MonthlyBody,
    gives=schemas.NumbersAnswer,
    summary="Reserve monthly invoice numbers",
    scope=Permission.ISSUE_INVOICE,
    faults=[501],
)
def monthly_invoice_numbers_generator(body: schemas.MonthlyBody) -> dict[str, Any]:
    """Reserve consecutive monthly numbers, all or none."""
    try:
        return {"invoice_numbers": numbering.take_monthly_numbers(caller(), body.count)}
    except NumberRangeExhausted as ended:
        raise Refusal(501, {"message": "Directo Counter is out of period!", "error": "out of range"}) from ended


@door(
    bp,
    "/reference_number_generator",
    takes=schemas.ReferenceBody,
    gives=schemas.ReferenceAnswer,
    summary="Make a reference number for a payer",
    scope=Permission.MANAGE_ACCOUNTS,
)
def reference_number_generator(body: schemas.ReferenceBody) -> dict[str, Any]:
    """Make a reference number that belongs to one payer for ever."""
    number = references.create(caller(), body.initiator or caller().code, body.owner or None, body.email or None)
    return {"message": f"Reference number created; {number}", "reference_number": number}


@door(
    bp,
    "/invoice_status",
    takes=schemas.StatusBody,
    gives=schemas.MessageAnswer,
    status=200,
    summary="Report what became of an invoice",
    scope=Permission.EDIT_INVOICE,
    outside=True,
    faults=[404],
)
def invoice_status(body: schemas.StatusBody) -> dict[str, Any]:
    """Do what the initiator reports of its invoice; the same report again changes nothing."""
    also = STATUS_SCOPES.get(body.status)
    if also is not None:
        caller().require(also)
    try:
        status_reports.change_status(caller(), body.invoice_number, body.status)
    except NotFound:
        sentence = f"Invoice with {body.invoice_number} number not found in Invoice Status Controller"
        raise Refusal(404, body_of(sentence)) from None
    return {"message": "Status updated"}


@door(
    bp,
    "/deposit_status",
    methods=["POST", "PATCH"],
    takes=schemas.DepositStatusBody,
    gives=schemas.MessageAnswer,
    status=200,
    summary="Report what became of a deposit",
    scope=Permission.EDIT_INVOICE,
    outside=True,
    printed=True,
)
def deposit_status(body: schemas.DepositStatusBody) -> dict[str, Any]:
    """Note what the auction says of a deposit; no money moves by it."""
    try:
        deposit_reports.change_status(caller(), body.domain_name, body.user_uuid, body.status)
    except NotFound:
        sentence = f"Invoice with {body.domain_name} and {body.user_uuid} not found in Deposit Status Controller"
        raise Refusal(422, body_of(sentence)) from None
    except Invalid as wrong:
        raise Refusal(422, body_of(deposit_reports.UNKNOWN_WORD, wrong.fields)) from None
    return {"message": "Status updated"}
