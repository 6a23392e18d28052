"""`/api/v1/invoice/reserved_domain*`: reservations of names, each known by number and holder (eis.md 5.15, 5.16)."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from app.blueprints.api.doors import door
from app.blueprints.api.fields import Filled, FilledName
from app.blueprints.api.guard import caller
from app.blueprints.api.schemas import Body, MessageAnswer
from app.domain.errors import Invalid, NotFound
from app.domain.permission import Permission
from app.services import reservations
from app.web.api import documented
from app.web.errors import Refusal
from app.web.guards import needs

bp = APIBlueprint("reserved_domains", __name__, url_prefix="/api/v1/invoice", tag="Reservations")

MOST_DIGITS = 18
DETAILS = "The requested invoice does not exist or does not belong to the specified user"


class ReservationQuery(BaseModel):
    """Which reservation."""

    model_config = ConfigDict(extra="ignore")

    invoice_number: Filled
    user_unique_id: FilledName = Field(description="Who reserved: several holders may share one number")

    def number(self) -> int:
        """Return the number. Raises Invalid; the spelling as sent is what the answer repeats."""
        digits = self.invoice_number
        if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
            raise Invalid.field("invoice_number", "must be a whole number")
        return int(digits)


class ReservationAnswer(BaseModel):
    """Whether the names may be reserved: `invoice_status` is paid or unpaid."""

    message: str
    invoice_status: str
    invoice_number: str


class NoReservationAnswer(BaseModel):
    """There is no such reservation, or it is another holder's: `invoice_status` is not_found."""

    message: str
    invoice_status: str
    invoice_number: str
    details: str


class GiveUpBody(Body):
    """Which reservation its holder gives up (eis.md 5.16)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"domain_name": "a.ee", "token": "5e03f248-6"}]})

    domain_name: FilledName = Field(description="One of the reserved names")
    token: FilledName = Field(description="The unique id of the one who reserved")


@bp.get("/reserved_domains_invoice_statuses")
@needs(Permission.VIEW)
@bp.input(ReservationQuery, location="query", arg_name="query")
@bp.output(ReservationAnswer)
@documented("Ask whether a reservation has been paid", scope=Permission.VIEW, shapes={404: NoReservationAnswer})
def reserved_domains_invoice_statuses(query: ReservationQuery) -> dict[str, Any]:
    """Say whether this holder's reservation has been paid."""
    try:
        paid = reservations.is_paid(caller(), query.number(), query.user_unique_id)
    except NotFound:
        answer = _answer("Invoice not found", "not_found", query) | {"details": DETAILS}
        raise Refusal(404, answer) from None
    if paid:
        return _answer("Domain is reserved", "paid", query)
    return _answer("Domains are not reserved", "unpaid", query)


@door(
    bp,
    "/reserved_domain_cancellation_statuses",
    methods=["PUT", "PATCH"],
    takes=GiveUpBody,
    gives=MessageAnswer,
    status=200,
    summary="Give up a reservation",
    scope=Permission.CANCEL,
    shapes={404: MessageAnswer},
)
def reserved_domain_cancellation_statuses(body: GiveUpBody) -> dict[str, Any]:
    """Give up every reservation of this name by this holder; the same again changes nothing."""
    try:
        reservations.give_up(caller(), body.domain_name, body.token)
    except NotFound:
        raise Refusal(404, {"message": "No invoices found"}) from None
    return {"message": "All invoices cancelled"}


def _answer(sentence: str, status: str, query: ReservationQuery) -> dict[str, Any]:
    return {"message": sentence, "invoice_status": status, "invoice_number": query.invoice_number}
