"""The words of the wire: what callers send, and how forgiving we are (eis.md 5, 14)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from app.domain.errors import Invalid
from app.domain.money import Money, parse_amount

LONGEST_TEXT = 2_000
DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def _text(value: Any) -> str:
    """Accept text and numbers; null is nothing."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("must be a string")  # noqa: TRY004 - pydantic reports ValueErrors
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"must be at most {LONGEST_TEXT} characters")
    if _UNSEEN.search(value):
        raise ValueError("must not contain control characters")
    return str(value)


def _filled(value: Any) -> str:
    text = _text(value)
    if not text.strip():
        raise ValueError("must be filled")
    return text


def _number(value: Any) -> int:
    text = _filled(value).strip()
    if not DIGITS.fullmatch(text):
        raise ValueError("must be a whole number")
    return int(text)


def _optional_number(value: Any) -> int | None:
    return None if value is None or value == "" else _number(value)


def _amount(value: Any) -> str:
    text = _filled(value)
    try:
        parse_amount(text, "EUR")
    except Invalid as fault:
        raise ValueError(next(iter(fault.fields.values()))[0]) from None
    return text


def _optional_amount(value: Any) -> str | None:
    return None if value is None or value == "" else _amount(value)


def _names(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    if not isinstance(value, list) or len(value) > 500:  # noqa: PLR2004 - names in one reservation
        raise ValueError("must be a list of at most 500 names")
    return [_filled(name) for name in value]


def _like(kind: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": kind}, {"type": "string"}], **more})


Text = Annotated[
    str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number", "null"], "maxLength": LONGEST_TEXT})
]
Filled = Annotated[str, BeforeValidator(_filled), WithJsonSchema({"type": ["string", "number"], "minLength": 1})]
Number = Annotated[int, BeforeValidator(_number), _like("integer", minimum=1)]
OptionalNumber = Annotated[
    int | None, BeforeValidator(_optional_number), WithJsonSchema({"type": ["integer", "string", "null"]})
]
Amount = Annotated[str, BeforeValidator(_amount), _like("number", examples=["120.0"])]
OptionalAmount = Annotated[
    str | None, BeforeValidator(_optional_amount), WithJsonSchema({"type": ["number", "string", "null"]})
]
Names = Annotated[
    list[str], BeforeValidator(_names), WithJsonSchema({"type": ["array", "null"], "items": {"type": "string"}})
]


def money(text: str) -> Money:
    """Return the amount in the one currency of this interface."""
    return parse_amount(text, "EUR")


class Body(BaseModel):
    """A body whose unknown fields are left alone: callers of the old interface send more than is read."""

    model_config = ConfigDict(extra="ignore")


class RegisterInvoiceBody(Body):
    """A new invoice (eis.md 5.1); both spellings of the custom fields are understood."""

    invoice_number: Number
    transaction_amount: Amount
    custom_field1: Text = ""
    custom_field_1: Text = ""
    custom_field2: Text = ""
    custom_field_2: Text = ""
    reserved_domain_names: Names = Field(default_factory=list)
    affiliation: Text = ""
    reference_number: Text = ""
    customer_name: Text = ""
    customer_email: Text = ""


class OneOffBody(Body):
    """Pay an existing invoice now (eis.md 5.2)."""

    invoice_number: OptionalNumber = None
    customer_url: Filled
    reference_number: Text = ""
    amount: OptionalAmount = None


class NothingBody(Body):
    """No parameters; the body may be null or empty (eis.md 5.7)."""


class MonthlyBody(Body):
    """How many monthly numbers (eis.md 5.8)."""

    count: Number


class ReferenceBody(Body):
    """Whose reference number (eis.md 5.9)."""

    initiator: Text = ""
    owner: Text = ""
    email: Text = ""


class StatusBody(Body):
    """What became of an invoice (eis.md 5.6)."""

    invoice_number: Number
    status: Filled


class AmountBody(Body):
    """A new total (eis.md 5.14)."""

    invoice_number: Number
    transaction_amount: Amount


class LinkAnswer(BaseModel):
    """A payment link."""

    message: str
    everypay_link: str


class OneOffAnswer(BaseModel):
    """Where to send the payer."""

    message: str
    oneoff_redirect_link: str


class NumberAnswer(BaseModel):
    """A reserved number."""

    message: str
    invoice_number: int


class NumbersAnswer(BaseModel):
    """Reserved monthly numbers."""

    invoice_numbers: list[int]


class ReferenceAnswer(BaseModel):
    """A new reference number."""

    message: str
    reference_number: str


class MessageAnswer(BaseModel):
    """Done."""

    message: str


class CallbackAnswer(BaseModel):
    """What a relay may read of a callback (eis.md 5.12)."""

    message: str | None
    user_unique_id: str | None
    custom_field_1: str | None


class ErrorAnswer(BaseModel):
    """Every error: a sentence, and the faulty fields beside it."""

    error: dict[str, Any]
    message: str


class DeniedAnswer(BaseModel):
    """No valid token."""

    message: str
    code: str
