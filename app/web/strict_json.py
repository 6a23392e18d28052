"""Reading a body as it was written: numbers keep their digits, doubts are refused (security.md T36, T37)."""

from __future__ import annotations

import json
from typing import Any

from apiflask import APIFlask
from flask import Request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

DEEPEST = 32
FORM = "application/x-www-form-urlencoded"


class NumberText(str):
    """A JSON number, as its own text."""

    __slots__ = ()


class MalformedBody(BadRequest):
    """The body is not JSON that can be understood in one way only."""


class StrictRequest(Request):
    """A request whose body is strict JSON or a form, whatever its callers declare."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002, FBT001, FBT002
        """Return the body as JSON values, numbers as NumberText. Raises MalformedBody with the reason."""
        if self.mimetype in {FORM, "multipart/form-data"}:
            return _form(self)
        return parse(self.get_data(cache=True))


def parse(body: bytes) -> Any:
    """Return the JSON value, `{}` for an empty body. Raises MalformedBody."""
    if not body.strip():
        return {}
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedBody("The body must be UTF-8") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=NumberText,
            parse_int=NumberText,
            parse_constant=_constant,
        )
    except RecursionError:
        raise MalformedBody("The body is nested too deeply") from None
    except json.JSONDecodeError as fault:
        raise MalformedBody(f"The body is not JSON: {fault.msg} at line {fault.lineno} column {fault.colno}") from None
    _check_depth(value, DEEPEST)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise MalformedBody(f"The body names {key[:60]!r} twice")
        found[key] = value
    return found


def _constant(word: str) -> Any:
    raise MalformedBody(f"{word} is not a JSON number")


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise MalformedBody(f"The body is nested deeper than {DEEPEST} levels")
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        _check_depth(child, left - 1)


def _form(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, values in request.form.lists():
        if key.endswith("[]"):
            found[key[:-2]] = values
        elif len(values) > 1:
            raise MalformedBody(f"The body names {key[:60]!r} twice")
        else:
            found[key] = values[0]
    return found


def install(app: APIFlask) -> None:
    """Make every request of the application a strict one."""
    app.request_class = StrictRequest


__all__ = ["MalformedBody", "NumberText", "StrictRequest", "UnsupportedMediaType", "install", "parse"]
