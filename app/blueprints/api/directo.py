"""`/api/v1/directo/directo`: invoices for the accounting system (eis.md 5.17)."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from app.blueprints.api.doors import door
from app.blueprints.api.guard import caller
from app.blueprints.api.papers import DirectoBody
from app.blueprints.api.schemas import MessageAnswer
from app.domain.permission import Permission
from app.services import documents

bp = APIBlueprint("directo", __name__, url_prefix="/api/v1/directo", tag="Documents")


@door(
    bp,
    "/directo",
    takes=DirectoBody,
    gives=MessageAnswer,
    summary="Pass invoices on to the accounting system",
    scope=Permission.EXPORT,
)
def directo(body: DirectoBody) -> dict[str, Any]:
    """Keep each invoice once; the same content again changes nothing."""
    who = caller()
    initiator = body.initiator or who.code
    documents.accept(
        who,
        documents.DIRECTO,
        initiator,
        body.contents(initiator),
        dry=body.dry,
        only_known=not body.monthly,
    )
    return {"message": "Invoice data received"}
