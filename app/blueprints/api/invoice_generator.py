"""`/api/v1/invoice_generator/*`: numbers, invoices, links, statuses (eis.md 5.1 to 5.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import current_app

from app.blueprints.api import schemas
from app.blueprints.api.documents import documented
from app.domain.errors import Invalid, NotFound
from app.domain.numbering import NumberRangeExhausted
from app.integrations import current
from app.services import invoices, numbering, payments, references
from app.services.payments import NotPayable
from app.web.api import caller
from app.web.errors import body_of
from app.web.idempotency import idempotent

if TYPE_CHECKING:
    from app.config import Settings

    Result = tuple[dict[str, Any], int]

bp = APIBlueprint("invoice_generator", __name__, url_prefix="/api/v1/invoice_generator", tag="Invoices")
NO_NUMBER = "Internal error: called invoice withour number. Please contact to administrator"


@bp.post("/invoice_generator")
@bp.input(schemas.RegisterInvoiceBody, arg_name="body")
@bp.output(schemas.LinkAnswer, status_code=201)
@documented("Register an invoice and get its payment link", 409)
@idempotent(atomic=True)
def register(body: schemas.RegisterInvoiceBody) -> Result:
    """Register an invoice; the same one again gets the same answer."""
    registered = invoices.register(caller(), _command(body), current().links)
    return {"message": "Link created", "everypay_link": registered.link}, 201


def _command(body: schemas.RegisterInvoiceBody) -> invoices.RegisterInvoice:
    custom = body.custom_field1 or body.custom_field_1
    return invoices.RegisterInvoice(
        number=body.invoice_number,
        amount=schemas.money(body.transaction_amount),
        initiator_code=body.custom_field2 or body.custom_field_2 or caller().code,
        description=custom,
        unique_id=custom if body.reserved_domain_names else None,
        reserved_names=tuple(body.reserved_domain_names),
        affiliation=body.affiliation,
        reference_number=body.reference_number,
        customer_name=body.customer_name,
        customer_email=body.customer_email,
        custom_field_1=custom,
    )


@bp.post("/oneoff")
@bp.input(schemas.OneOffBody, arg_name="body")
@bp.output(schemas.OneOffAnswer, status_code=201)
@documented("Send a payer to pay an invoice now", 409, 503)
@idempotent(atomic=False)
def oneoff(body: schemas.OneOffBody) -> Result:
    """Make a one-off payment at the gateway and return its page."""
    if body.invoice_number is None:
        return body_of(NO_NUMBER), 422
    settings: Settings = current_app.extensions["settings"]
    command = payments.OneOff(
        number=body.invoice_number,
        customer_url=body.customer_url,
        amount=schemas.money(body.amount) if body.amount else None,
        reference_number=body.reference_number,
    )
    try:
        started = payments.start_one_off(
            caller(),
            command,
            current().everypay,
            settings.initiators.return_urls,
            plain_http=settings.development,
            first_check_s=settings.payment_poll_ladder_s[0],
        )
    except NotFound:
        return body_of(f"Invoice with {body.invoice_number} not found in internal system"), 422
    except NotPayable as refused:
        return body_of(str(refused), code=refused.code), 422
    return {"message": "Link created", "oneoff_redirect_link": started.link}, 201


@bp.post("/invoice_number_generator")
@bp.input(schemas.NothingBody, arg_name="_body")
@bp.output(schemas.NumberAnswer, status_code=201)
@documented("Reserve an invoice number", 501)
@idempotent(atomic=True)
def invoice_number(_body: schemas.NothingBody) -> Result:
    """Reserve the next invoice number for the caller."""
    try:
        number = numbering.take_invoice_number(caller())
    except NumberRangeExhausted:
        return {"message": "Number create failed. out of range", "error": "out of range"}, 501
    return {"message": f"Number created; {number}", "invoice_number": number}, 201


@bp.post("/monthly_invoice_numbers_generator")
@bp.input(schemas.MonthlyBody, arg_name="body")
@bp.output(schemas.NumbersAnswer, status_code=201)
@documented("Reserve monthly invoice numbers", 501)
@idempotent(atomic=True)
def monthly_numbers(body: schemas.MonthlyBody) -> Result:
    """Reserve consecutive monthly numbers, all or none."""
    try:
        return {"invoice_numbers": numbering.take_monthly_numbers(caller(), body.count)}, 201
    except NumberRangeExhausted:
        return {"message": "Directo Counter is out of period!", "error": "out of range"}, 501


@bp.post("/reference_number_generator")
@bp.input(schemas.ReferenceBody, arg_name="body")
@bp.output(schemas.ReferenceAnswer, status_code=201)
@documented("Make a reference number for a payer", 409)
@idempotent(atomic=True)
def reference_number(body: schemas.ReferenceBody) -> Result:
    """Make a reference number that belongs to one payer for ever."""
    number = references.create(caller(), body.initiator or caller().code, body.owner or None, body.email or None)
    return {"message": f"Reference number created; {number}", "reference_number": number}, 201


@bp.post("/invoice_status")
@bp.input(schemas.StatusBody, arg_name="body")
@bp.output(schemas.MessageAnswer)
@documented("Report what became of an invoice", 404, 409)
@idempotent(atomic=True)
def invoice_status(body: schemas.StatusBody) -> Result:
    """Do what the initiator reports of its invoice."""
    try:
        invoices.change_status(caller(), body.invoice_number, body.status)
    except NotFound:
        return body_of(f"Invoice with {body.invoice_number} number not found in Invoice Status Controller"), 404
    except Invalid as fault:
        return body_of(str(fault), fault.fields), 422
    return {"message": "Status updated"}, 200
