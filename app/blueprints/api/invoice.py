"""`/api/v1/invoice/*`: what may be changed of an invoice (eis.md 5.14)."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from app.blueprints.api import schemas
from app.blueprints.api.documents import documented
from app.integrations import current
from app.services import invoices
from app.web.api import caller
from app.web.idempotency import idempotent

bp = APIBlueprint("invoice", __name__, url_prefix="/api/v1/invoice", tag="Invoices")


@bp.route("/update_invoice_data", methods=["PUT", "PATCH"])
@bp.input(schemas.AmountBody, arg_name="body")
@bp.output(schemas.MessageAnswer)
@documented("Change the amount of an unpaid invoice", 404, 409)
@idempotent(atomic=True)
def update_invoice_data(body: schemas.AmountBody) -> tuple[dict[str, Any], int]:
    """Set a new total on an invoice nobody has paid."""
    amount = schemas.money(body.transaction_amount)
    invoices.change_amount(caller(), body.invoice_number, amount, current().links)
    return {"message": "Invoice data was successfully updated"}, 200
