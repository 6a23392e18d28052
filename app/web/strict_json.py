"""JSON that can be understood in one way only, its numbers with every digit they came with (security.md T36, T37)."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from werkzeug.exceptions import BadRequest

DEEPEST = 32
NESTING = (dict, list)


class NumberText(str):
    """A JSON number as it was written: `120.0` stays `120.0`, and no float ever stands between."""

    __slots__ = ()


class MalformedBody(BadRequest):
    """The body cannot be understood, or not in one way only."""


def parse(body: bytes) -> Any:
    """Return the JSON value, numbers as NumberText.

    Raises MalformedBody for anything but one UTF-8 document without byte order mark, doubled keys, lone surrogates,
    NaN and nesting beyond 32 levels.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedBody("The body must be UTF-8") from None
    try:
        value = DECODER.decode(text)
    except RecursionError:
        raise MalformedBody(f"The body is nested deeper than {DEEPEST} levels") from None
    except json.JSONDecodeError as fault:
        raise MalformedBody(f"The body is not JSON: {fault.msg} at line {fault.lineno} column {fault.colno}") from None
    check_depth(value, DEEPEST)
    if "\\u" in text:
        check_encodable(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedBody(f"The body names {_doubled(pairs)[:60]!a} twice")
    return found


def _doubled(pairs: list[tuple[str, Any]]) -> str:
    """Return the first name that comes again: in one pass, as a body may hold a million of them."""
    seen: set[str] = set()
    return next(name for name, _value in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _constant(word: str) -> NoReturn:
    raise MalformedBody(f"{word} is not a JSON number")


def check_depth(value: Any, left: int) -> None:
    """Raise MalformedBody when the value is nested deeper than `left` levels."""
    if not isinstance(value, NESTING):
        return
    if left == 0:
        raise MalformedBody(f"The body is nested deeper than {DEEPEST} levels")
    for child in value.values() if isinstance(value, dict) else value:
        if isinstance(child, NESTING):
            check_depth(child, left - 1)


def check_encodable(value: Any) -> None:
    """Raise MalformedBody for halves of surrogate pairs, which an escape may spell and no database can store."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedBody("The body holds half of a surrogate pair") from None


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=NumberText, parse_int=NumberText, parse_constant=_constant
)
