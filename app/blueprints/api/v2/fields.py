"""The kinds of fields of version 2: each has one spelling, in bodies and in queries."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.blueprints.api.fields import LONGEST_NAME as LONGEST_INDEXED
from app.blueprints.api.fields import Filled as AnyFilled
from app.blueprints.api.fields import Name as AnyName
from app.blueprints.api.fields import Text as AnyText
from app.domain.announcement import PUBLIC
from app.domain.errors import Invalid
from app.domain.invoice import InvoiceStatus
from app.domain.money import Money, parse_amount
from app.domain.payment import PaymentStatus
from app.domain.refund import RefundStatus
from app.models.invoice import KINDS
from app.queries.invoice_filter import IN_TIME, LATE
from app.queries.invoice_filter import Period as Days
from app.queries.sorting import Sort
from app.queries.webhooks import STANDINGS
from app.web.strict_json import NumberText

CURRENCY = "EUR"
MOST_ROWS = 100
PAGE_ROWS = 50
HIGHEST_NUMBER = 2_147_483_647
LONGEST_OVERLAP_S = 7 * 24 * 3600
MOST_NAMES = 100
LONGEST_NAME = 64
_WHOLE = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
QUANTITY_PATTERN = r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?$"
PERCENT_PATTERN = r"^(0|[1-9][0-9]?)(\.[0-9]{1,2})?$"
AMOUNT_PATTERN = r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$"
_QUANTITY = re.compile(QUANTITY_PATTERN, re.ASCII)
_PERCENT = re.compile(PERCENT_PATTERN, re.ASCII)


def refuse(sentence: str) -> PydanticCustomError:
    """Return the error that names what is wrong with a field."""
    return PydanticCustomError("refused", "{sentence}", {"sentence": sentence})


def _string(value: Any) -> Any:
    if not isinstance(value, str) or isinstance(value, NumberText):
        raise refuse("must be a string")
    return value


def _amount(value: Any) -> Money:
    try:
        return parse_amount(_string(value), CURRENCY)
    except Invalid as fault:
        raise refuse(fault.fields["amount"][0]) from None


def _quantity(value: Any) -> Decimal:
    if not _QUANTITY.fullmatch(_string(value)) or not (found := Decimal(value)):
        raise refuse("must be a decimal above 0 with at most three places")
    return found


def _percent(value: Any) -> int:
    """Return hundredths of a percent."""
    if not _PERCENT.fullmatch(_string(value)):
        raise refuse("must be a percentage below 100 with at most two places, such as 24")
    return int(Decimal(value) * 100)


def _number(value: Any) -> int:
    if not isinstance(value, NumberText) or not _WHOLE.fullmatch(value) or not 1 <= int(value) <= HIGHEST_NUMBER:
        raise refuse(f"must be a whole number from 1 to {HIGHEST_NUMBER}")
    return int(value)


def _asked_number(value: Any) -> int:
    return _number(NumberText(_string(value)))


def _limit(value: Any) -> int:
    if not _WHOLE.fullmatch(_string(value)) or not 1 <= int(value) <= MOST_ROWS:
        raise refuse(f"must be a whole number from 1 to {MOST_ROWS}")
    return int(value)


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(_string(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not _MOMENT.match(value):
        raise refuse("must be a moment with its zone, such as 2026-11-21T00:00:00Z")
    return found


_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", re.ASCII)


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value if _DAY.fullmatch(_string(value)) else "")
    except ValueError:
        raise refuse("must be a day such as 2026-11-21") from None


_DAY = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _day_or_moment(value: Any) -> date:
    """Return a moment as a datetime, a day as a date."""
    if _DAY.fullmatch(_string(value)):
        return _day(value)
    try:
        return _moment(value)
    except PydanticCustomError:
        raise refuse("must be a day such as 2026-11-21, or a moment with its zone, 2026-11-21T00:00:00Z") from None


def _codes(value: Any) -> tuple[str, ...]:
    if not _CODES.fullmatch(_string(value)):
        raise refuse("must be a code of a service, or several separated by commas")
    return tuple(value.split(","))


_CODES = re.compile(r"[a-z0-9_-]{1,40}(,[a-z0-9_-]{1,40}){0,19}", re.ASCII)


def _one_of(allowed: tuple[str, ...]) -> Any:
    def check(value: Any) -> str:
        if _string(value) not in allowed:
            raise refuse(f"must be one of {', '.join(allowed)}")
        return str(value)

    return Annotated[str, PlainValidator(check), WithJsonSchema({"type": "string", "enum": list(allowed)})]


def _truth(value: Any) -> bool:
    if _string(value) not in {"true", "false"}:
        raise refuse("must be true or false")
    return bool(value == "true")


def _words(allowed: tuple[str, ...]) -> Any:
    def split(value: Any) -> tuple[str, ...]:
        words = tuple(_string(value).split(","))
        if not set(words) <= set(allowed):
            raise refuse(f"must be one of {', '.join(allowed)}, or several separated by commas")
        return words

    one = "|".join(map(re.escape, allowed))
    schema = {"type": "string", "pattern": f"^({one})(,({one}))*$", "examples": [allowed[0]]}
    return [PlainValidator(split), WithJsonSchema(schema)]


def _seconds(value: Any) -> int:
    if not isinstance(value, NumberText) or not _WHOLE.fullmatch(value) or int(value) > LONGEST_OVERLAP_S:
        raise refuse(f"must be a whole number of seconds up to {LONGEST_OVERLAP_S}")
    return int(value)


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise refuse("must be true or false")
    return value


def _names(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_NAMES:
        raise refuse(f"must be a list of at most {MOST_NAMES} strings")
    names = [str(_string(each)) for each in value]
    if any(len(each) > LONGEST_NAME or not each.isascii() or not each.isprintable() for each in names):
        raise refuse(f"must be names of at most {LONGEST_NAME} plain characters")
    return names


Text = Annotated[AnyText, BeforeValidator(_string), WithJsonSchema({"type": "string", "maxLength": 2000})]
Filled = Annotated[
    AnyFilled, BeforeValidator(_string), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 2000})
]
Name = Annotated[AnyName, BeforeValidator(_string), WithJsonSchema({"type": "string", "maxLength": LONGEST_INDEXED})]
Number = Annotated[
    int, PlainValidator(_number), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": HIGHEST_NUMBER})
]
AskedNumber = Annotated[
    int, PlainValidator(_asked_number), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": HIGHEST_NUMBER})
]
Amount = Annotated[
    Money,
    PlainValidator(_amount),
    WithJsonSchema({"type": "string", "pattern": AMOUNT_PATTERN, "maxLength": 13, "examples": ["120.00"]}),
]
Quantity = Annotated[
    Decimal,
    PlainValidator(_quantity),
    WithJsonSchema({"type": "string", "pattern": QUANTITY_PATTERN, "maxLength": 13, "examples": ["1", "2.5"]}),
]
Percent = Annotated[
    int,
    PlainValidator(_percent),
    WithJsonSchema({"type": "string", "pattern": PERCENT_PATTERN, "maxLength": 5, "examples": ["24"]}),
]
Limit = Annotated[
    int, PlainValidator(_limit), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 50})
]
Moment = Annotated[datetime, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
DayOrMoment = Annotated[
    date,
    PlainValidator(_day_or_moment),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}),
]
Codes = Annotated[
    tuple[str, ...],
    PlainValidator(_codes),
    WithJsonSchema({"type": "string", "pattern": f"^{_CODES.pattern}$", "examples": ["eeid"]}),
]
Period = _one_of(tuple(map(str, Days)))
DuePeriod = _one_of((LATE, IN_TIME, *map(str, Days)))
InvoiceOrder = _one_of(tuple(map(str, Sort)))
OverlapSeconds = Annotated[
    int, PlainValidator(_seconds), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": LONGEST_OVERLAP_S})
]
Switch = Annotated[bool, PlainValidator(_switch), WithJsonSchema({"type": "boolean"})]
_NAME_SCHEMA = {"type": "string", "maxLength": LONGEST_NAME, "pattern": "^[ -~]*$"}
Names = Annotated[
    list[str],
    PlainValidator(_names),
    WithJsonSchema({"type": "array", "maxItems": MOST_NAMES, "items": _NAME_SCHEMA}),
]
AskedTruth = Annotated[bool, PlainValidator(_truth), WithJsonSchema({"type": "boolean"})]
Truth = Annotated[bool, PlainValidator(_truth), WithJsonSchema({"type": "boolean", "default": False})]
_STATUSES = _words(tuple(map(str, InvoiceStatus)))
InvoiceStatuses = Annotated[tuple[str, ...], _STATUSES[0], _STATUSES[1]]
_INVOICE_KINDS = _words(tuple(KINDS))
InvoiceKinds = Annotated[tuple[str, ...], _INVOICE_KINDS[0], _INVOICE_KINDS[1]]
_PAYMENT_STATUSES = _words(tuple(map(str, PaymentStatus)))
PaymentStatuses = Annotated[tuple[str, ...], _PAYMENT_STATUSES[0], _PAYMENT_STATUSES[1]]
_REFUND_STATUSES = _words(tuple(map(str, RefundStatus)))
RefundStatuses = Annotated[tuple[str, ...], _REFUND_STATUSES[0], _REFUND_STATUSES[1]]
_EVENT_TYPES = _words(PUBLIC)
EventTypes = Annotated[tuple[str, ...], _EVENT_TYPES[0], _EVENT_TYPES[1]]
_STANDINGS = _words(STANDINGS)
Standings = Annotated[tuple[str, ...], _STANDINGS[0], _STANDINGS[1]]
_EXPANSIONS = _words(("lines", "payments", "events"))
Expansions = Annotated[tuple[str, ...], _EXPANSIONS[0], _EXPANSIONS[1]]
