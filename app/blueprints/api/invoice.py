"""`/api/v1/invoice/*`: what may be changed of an invoice, or told of it again (eis.md 5.13, 5.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint

from app.blueprints.api import schemas
from app.blueprints.api.doors import door
from app.blueprints.api.guard import caller
from app.domain.permission import Permission
from app.integrations import current
from app.services import invoices
from app.services.synchronisation import NotTaken, synchronise
from app.web.errors import Refusal, body_of

if TYPE_CHECKING:
    from app.blueprints.api.schemas import AmountBody, SynchroniseBody

bp = APIBlueprint("invoice", __name__, url_prefix="/api/v1/invoice", tag="Invoices")


@door(
    bp,
    "/update_invoice_data",
    methods=["PUT", "PATCH"],
    takes=schemas.AmountBody,
    gives=schemas.MessageAnswer,
    status=200,
    summary="Change the amount of an invoice nobody has paid",
    scope=Permission.EDIT_INVOICE,
    faults=[404],
)
def update_invoice_data(body: AmountBody) -> dict[str, Any]:
    """Set a new total and sign the payment link anew."""
    invoices.change_amount(caller(), body.invoice_number, body.transaction_amount, current().links)
    return {"message": "Invoice data was successfully updated"}


@door(
    bp,
    "/invoice_synchronize",
    methods=["PUT", "PATCH", "POST"],
    takes=schemas.SynchroniseBody,
    gives=schemas.MessageAnswer,
    status=200,
    summary="Send an invoice to its service again",
    scope=Permission.EDIT_INVOICE,
    faults=[404],
    outside=True,
)
def invoice_synchronize(body: SynchroniseBody) -> dict[str, Any]:
    """Tell the invoice's service to take a status; the invoice here is not changed."""
    try:
        synchronise(caller(), body.id, body.status, current().initiators)
    except NotTaken as refusal:
        raise Refusal(422, body_of(str(refusal))) from None
    return {"message": "Invoice data was successfully updated"}
