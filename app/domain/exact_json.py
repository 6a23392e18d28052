"""JSON in which a number keeps every digit it came with: no float ever stands between a provider's amount and ours."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

_LONGEST_NUMBER = 40  # characters; a number of a million digits costs minutes of processor (security T20)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def loads(text: str | bytes | bytearray) -> Any:
    """Return the value of a JSON document: fractions as Decimal with the digits as written, `120.0` stays `120.0`.

    Raises ValueError for anything else: bad UTF-8, NaN, numbers beyond forty digits, nesting beyond the stack.
    """
    try:
        return json.loads(text, parse_float=_fraction, parse_int=_integer, parse_constant=_constant)
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None


def dumps(value: Any) -> str:
    """Return `value` as compact ASCII JSON, Decimals as numbers with their own digits.

    Raises TypeError for what JSON cannot say, ValueError for a NaN.
    """
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except TypeError:  # the encoder in C knows no Decimal
        return _dumps(value)


def storable(value: Any) -> Any:
    """Return the same document without what PostgreSQL cannot keep: NUL and halves of characters become U+FFFD.

    Otherwise one NUL in a payer's name would keep a settled payment from ever being written down.
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(key): storable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [storable(each) for each in value]
    return value


def _dumps(value: Any) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("JSON knows no NaN")
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_key(key)}:{_dumps(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_dumps, value)) + "]"
    return json.dumps(value, allow_nan=False)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("a key must be text")
    return json.dumps(key)


def _fraction(text: str) -> Decimal:
    number = Decimal(_bounded(text))
    if number and abs(number.adjusted()) > _LONGEST_NUMBER:
        raise ValueError("a number is too large")
    return number


def _integer(text: str) -> int:
    return int(_bounded(text))


def _bounded(text: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return text


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")
