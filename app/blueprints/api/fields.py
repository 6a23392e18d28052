"""The kinds of fields: numbers may come as text and text as numbers, nothing may come as something else (eis.md 14)."""

from __future__ import annotations

import re
from typing import Annotated, Any, NoReturn

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.domain.errors import Invalid
from app.domain.money import Money, parse_amount, parse_sum

CURRENCY = "EUR"  # the one currency of this interface
LONGEST_TEXT = 2_000
# Names, e-mails and whatever else is looked up by: an index keeps at most 2,700 bytes of two side by side.
LONGEST_NAME = 300
MOST_NAMES = 500
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
# Control characters but tab and line ends, both sets of them (C1 begins what terminals obey, as ESC does), and what
# turns the reading direction of everything after it (security.md T63).
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def refuse(sentence: str) -> NoReturn:
    """Refuse the value with this sentence."""
    raise PydanticCustomError("refused", "{sentence}", {"sentence": sentence})


def _text(value: Any) -> str:
    """Accept text and numbers, which keep their spelling; null is nothing."""
    if value is None:
        return ""
    if not isinstance(value, str):
        refuse("must be a string")
    if len(value) > LONGEST_TEXT:
        refuse(f"must be at most {LONGEST_TEXT} characters")
    if _UNSEEN.search(value):
        refuse("must not contain control characters")
    return str(value)


def _filled(value: Any) -> str:
    text = _text(value)
    if not text or text.isspace():
        refuse("must be filled")
    return text


def _name(value: Any) -> str:
    text = _text(value)
    if len(text) > LONGEST_NAME:
        refuse(f"must be at most {LONGEST_NAME} characters")
    return text


def _filled_name(value: Any) -> str:
    return _name(_filled(value))


def _number(value: Any) -> int:
    if isinstance(value, bool | list | dict) or not _DIGITS.fullmatch(_filled(value)):
        refuse("must be a whole number")
    return int(value)


def _amount(value: Any) -> Money:
    try:
        return parse_amount(_filled(value), CURRENCY)
    except Invalid as fault:
        refuse(fault.fields["amount"][0])


def _sum(value: Any) -> Money:
    try:
        return parse_sum(_filled(value), CURRENCY)
    except Invalid as fault:
        refuse(fault.fields["amount"][0])


def _names(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        refuse("must be an array")
    if len(value) > MOST_NAMES:
        refuse(f"must be at most {MOST_NAMES} names")
    return [_filled(name) for name in value]


def _optional_filled(value: Any) -> str | None:
    return None if value is None else _filled(value)


def _optional_number(value: Any) -> int | None:
    return None if value is None else _number(value)


def _optional_amount(value: Any) -> Money | None:
    return None if value is None or value == "" else _amount(value)


_DIGITS_OR_NUMBER = [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]{1,18}$"}]
_DECIMAL_OR_NUMBER = [
    {"type": "number", "minimum": 0},
    {"type": "string", "pattern": "^(0|[1-9][0-9]{0,9})([.][0-9]{1,2})?$"},
]
_NULL = {"type": "null"}

Text = Annotated[
    str, PlainValidator(_text), WithJsonSchema({"type": ["string", "number", "null"], "maxLength": LONGEST_TEXT})
]
Filled = Annotated[
    str,
    PlainValidator(_filled),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1, "maxLength": LONGEST_TEXT}),
]
Name = Annotated[
    str, PlainValidator(_name), WithJsonSchema({"type": ["string", "number", "null"], "maxLength": LONGEST_NAME})
]
FilledName = Annotated[
    str,
    PlainValidator(_filled_name),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1, "maxLength": LONGEST_NAME}),
]
OptionalFilled = Annotated[
    str | None,
    PlainValidator(_optional_filled),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}),
]
Number = Annotated[int, PlainValidator(_number), WithJsonSchema({"anyOf": _DIGITS_OR_NUMBER})]
OptionalNumber = Annotated[int | None, PlainValidator(_optional_number), WithJsonSchema({"anyOf": _DIGITS_OR_NUMBER})]
Amount = Annotated[Money, PlainValidator(_amount), WithJsonSchema({"anyOf": _DECIMAL_OR_NUMBER, "examples": ["120.0"]})]
Sum = Annotated[Money, PlainValidator(_sum), WithJsonSchema({"anyOf": _DECIMAL_OR_NUMBER, "examples": ["240.0"]})]
OptionalAmount = Annotated[
    Money | None, PlainValidator(_optional_amount), WithJsonSchema({"anyOf": [*_DECIMAL_OR_NUMBER, _NULL]})
]
Names = Annotated[
    list[str],
    PlainValidator(_names),
    WithJsonSchema({"type": ["array", "null"], "items": {"type": "string", "minLength": 1}, "maxItems": MOST_NAMES}),
]
