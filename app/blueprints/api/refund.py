"""`/api/v1/refund/*`: give everything back that was paid for an invoice (eis.md 5.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from apiflask import APIBlueprint
from flask import current_app
from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.blueprints.api import schemas
from app.blueprints.api.doors import door
from app.blueprints.api.fields import Number
from app.blueprints.api.guard import caller
from app.domain.errors import NotFound
from app.domain.permission import Permission
from app.integrations import current
from app.services import full_refunds
from app.web.errors import Refusal, body_of

if TYPE_CHECKING:
    from app.config import Settings

bp = APIBlueprint("refund", __name__, url_prefix="/api/v1/refund", tag="Refunds")

FORM_NAME = "params[invoice_number]"
INVALID_REFERENCE = "Invalid payment reference"
NESTED = {
    "type": ["object", "null"],
    "properties": {"invoice_number": {"type": ["integer", "string"]}},
    "description": "The number again, as the auction sends it",
}


def _no_object(value: Any) -> None:
    if value is not None:
        raise PydanticCustomError("refused", "must be an object")


def _either(schema: dict[str, Any]) -> None:
    """Say in the document that the number stands in one place or the other."""
    schema.pop("required", None)
    schema["examples"] = [{"params": {"invoice_number": 10523}}, {"invoice_number": 10523}]


class RefundBody(schemas.Body):
    """Which invoice: in `params`, as the auction sends it, or plainly (eis.md 14)."""

    model_config = ConfigDict(json_schema_extra=_either)

    invoice_number: Number = Field(description="An invoice of the caller")
    params: Annotated[None, PlainValidator(_no_object), WithJsonSchema(NESTED)] = None

    @model_validator(mode="before")
    @classmethod
    def flatten(cls, said: dict[str, Any]) -> dict[str, Any]:
        """Return the body with the number in one place. Raises PydanticCustomError when two places differ."""
        params, plain = said.get("params"), {name: said[name] for name in said if name not in {"params", FORM_NAME}}
        nested = params if isinstance(params, dict) else {}
        if FORM_NAME in said:
            nested = {"invoice_number": said[FORM_NAME]}
        if "invoice_number" not in nested:
            return plain if isinstance(params, dict) else {**plain, "params": params}
        if str(plain.get("invoice_number", nested["invoice_number"])) != str(nested["invoice_number"]):
            raise PydanticCustomError("refused", "names two invoices")
        return {**plain, "invoice_number": nested["invoice_number"]}


@door(
    bp,
    "/auction",
    takes=RefundBody,
    gives=schemas.MessageAnswer,
    status=200,
    summary="Give back everything that was paid for an invoice",
    scope=Permission.REFUND,
    faults=[404, 502],
    outside=True,
)
def auction(body: RefundBody) -> dict[str, Any]:
    """Refund what the invoice took, or let go of what a card only reserved; a repeat finds it done."""
    settings: Settings = current_app.extensions["settings"]
    try:
        full_refunds.refund_invoice(caller(), body.invoice_number, current().everypay, settings.payment_poll_ladder_s)
    except NotFound:
        raise Refusal(404, body_of("Invoice not found")) from None
    except full_refunds.NeverPaid as refusal:
        raise Refusal(422, body_of(INVALID_REFERENCE, {"payment_reference": [INVALID_REFERENCE]})) from refusal
    return {"message": "Invoice was refunded"}
