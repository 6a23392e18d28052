"""The rows services bring from the system before: each is taken or refused with a reason (eis.md 5.19, 5.20)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, PlainValidator, ValidationError, WithJsonSchema

from app.blueprints.api.fields import Amount, Filled, Name, Number, Text, refuse
from app.blueprints.api.schemas import Body
from app.domain.errors import Invalid
from app.domain.imported import ISSUED, facts_of
from app.domain.reference import is_valid
from app.services.import_outcome import Refused
from app.services.imports import Incoming, IncomingReference
from app.services.invoices import HIGHEST_NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.services.initiators import Caller

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_MOMENT = 40
SHOWN = 40


def _moment(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > LONGEST_MOMENT:
        refuse("must be a time, such as 2026-01-05T10:00:00Z")
    try:
        at = datetime.fromisoformat(value.removesuffix(" UTC"))
    except ValueError:
        refuse("must be a time, such as 2026-01-05T10:00:00Z")
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not EARLIEST <= at < LATEST:
        refuse("must be a time between 1990 and 2100")
    return at


def _flag(value: Any) -> bool:
    if value is True or value in ("true", "1"):
        return True
    if value is not None and value is not False and value not in ("", "false", "0"):
        refuse("must be true or false")
    return False


Moment = Annotated[
    datetime | None, PlainValidator(_moment), WithJsonSchema({"type": ["string", "null"], "format": "date-time"})
]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": ["boolean", "string", "null"]})]


class InvoiceRow(Body):
    """One invoice of the system before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "invoice_number": 150330,
                    "initiator": "registry",
                    "transaction_amount": "120.0",
                    "status": "issued",
                    "in_directo": False,
                    "e_invoice_sent_at": None,
                    "transaction_time": "2026-01-05T10:01:00Z",
                }
            ]
        }
    )

    invoice_number: Number
    initiator: Text = ""
    transaction_amount: Amount
    status: Filled
    in_directo: Flag = False
    e_invoice_sent_at: Moment = None
    transaction_time: Moment = None


class ReferenceRow(Body):
    """One reference number of the system before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reference_number": "2144032", "initiator": "registry", "registrar_name": "Roga & Kopyta"}]
        }
    )

    reference_number: Filled
    initiator: Text = ""
    registrar_name: Name = ""


def invoices(entries: Iterable[Any], caller: Caller) -> Iterator[Incoming | Refused]:
    """Return each entry as an invoice to take in, or why it cannot be taken."""
    for position, entry in enumerate(entries):
        try:
            row = InvoiceRow.model_validate(entry)
            yield _invoice(position, row, caller)
        except (ValidationError, Invalid) as fault:
            yield _refused(position, entry, "invoice_number", fault)


def references(entries: Iterable[Any], caller: Caller) -> Iterator[IncomingReference | Refused]:
    """Return each entry as a reference number to take in, or why it cannot be taken."""
    for position, entry in enumerate(entries):
        try:
            row = ReferenceRow.model_validate(entry)
            if row.reference_number.startswith("0") or not is_valid(row.reference_number):
                raise Invalid.field("reference_number", "must be a reference number with a right check digit")
            yield IncomingReference(position, row.reference_number, _whose(row.initiator, caller), row.registrar_name)
        except (ValidationError, Invalid) as fault:
            yield _refused(position, entry, "reference_number", fault)


def _invoice(position: int, row: InvoiceRow, caller: Caller) -> Incoming:
    if not 1 <= row.invoice_number <= HIGHEST_NUMBER:
        raise Invalid.field("invoice_number", f"must be between 1 and {HIGHEST_NUMBER}")
    facts_of(row.status, row.transaction_amount.minor)
    return Incoming(
        position=position,
        number=row.invoice_number,
        initiator=_whose(row.initiator, caller),
        total=row.transaction_amount,
        word="unpaid" if row.status == ISSUED else row.status,
        occurred_at=row.transaction_time,
        in_directo=row.in_directo,
        e_invoice_sent_at=row.e_invoice_sent_at,
    )


def _whose(code: str, caller: Caller) -> str:
    if code and code not in caller.codes:
        raise Invalid.field("initiator", f"must be one of: {', '.join(caller.codes)}")
    return code or caller.code


def _refused(position: int, entry: Any, name: str, fault: ValidationError | Invalid) -> Refused:
    number = entry.get(name) if isinstance(entry, dict) else None
    shown = number[:SHOWN] if isinstance(number, str) else ""
    return Refused(position, _readable(shown), _readable(_reason(fault)))


def _readable(text: str) -> str:
    """Return the caller's text without what no answer can carry, such as the character zero."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _reason(fault: ValidationError | Invalid) -> str:
    """Return the first fault in words that are the same for every row that has it."""
    if isinstance(fault, Invalid):
        name, sentences = next(iter(fault.fields.items()))
        return f"{name} {sentences[0]}"
    error = fault.errors(include_url=False, include_context=False, include_input=False)[0]
    if not error["loc"]:
        return "must be an object"
    return f"{error['loc'][0]} {'is missing' if error['type'] == 'missing' else error['msg']}"
