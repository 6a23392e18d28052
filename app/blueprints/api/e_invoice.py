"""`/api/v1/e_invoice/e_invoice`: an invoice for the buyer's e-invoice operator (eis.md 5.18)."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from app.blueprints.api.doors import door
from app.blueprints.api.guard import caller
from app.blueprints.api.papers import CreatedAnswer, EInvoiceBody
from app.domain.permission import Permission
from app.services import documents

bp = APIBlueprint("e_invoice", __name__, url_prefix="/api/v1/e_invoice", tag="Documents")


@door(
    bp,
    "/e_invoice",
    takes=EInvoiceBody,
    gives=CreatedAnswer,
    status=200,
    summary="Pass an invoice on to the buyer's e-invoice operator",
    scope=Permission.EXPORT,
)
def e_invoice(body: EInvoiceBody) -> dict[str, Any]:
    """Keep the e-invoice once; the same content again changes nothing."""
    who = caller()
    documents.accept(
        who, documents.E_INVOICE, body.initiator or who.code, [body.content()], dry=False, only_known=False
    )
    return {"message": "Invoice data received", "status": "created"}
