"""A request's fields, whether they came as JSON, as a form or in the query, each said once (security.md T36, T37)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from app.web.strict_json import MalformedBody, parse

if TYPE_CHECKING:
    from flask import Request

FORM = "application/x-www-form-urlencoded"
LIMIT_BYTES = 256 * 1024
MOST_FIELDS = 500


def read_fields(request: Request, limit_bytes: int = LIMIT_BYTES) -> dict[str, Any]:
    """Return the fields of the body; an empty body and `null` have none.

    Raises MalformedBody, UnsupportedMediaType for anything but JSON or a form in UTF-8, RequestEntityTooLarge beyond
    the limit. A body that does not say what it is, is taken for JSON.
    """
    request.max_content_length = limit_bytes
    body = request.get_data()
    if len(body) >= limit_bytes:  # a body of unknown length is cut there, without a word
        raise RequestEntityTooLarge
    if not body.strip():
        if "Transfer-Encoding" in request.headers:  # a server hands out nothing for a first piece it could not read
            raise MalformedBody("The body is empty or its first piece cannot be read: send Content-Length, or no body")
        return {}
    check_encoding(request)
    if request.mimetype == FORM:
        return parse_form(body)
    if request.mimetype and not request.is_json:
        raise UnsupportedMediaType("Send application/json or application/x-www-form-urlencoded")
    value = parse(body)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedBody("The body must be a JSON object")
    return value


def read_json(request: Request, limit_bytes: int = LIMIT_BYTES) -> dict[str, Any]:
    """Do the same for a door that takes no forms, for which it raises UnsupportedMediaType."""
    if request.mimetype == FORM:
        raise UnsupportedMediaType("Send application/json")
    return read_fields(request, limit_bytes)


def read_query(request: Request) -> dict[str, Any]:
    """Return the parameters of the query, each of which may stand there once. Raises MalformedBody."""
    return parse_form(request.query_string, "query")


def parse_form(encoded: bytes, what: str = "form") -> dict[str, Any]:
    """Return the fields of a form or a query; `name[]` collects a list. Raises MalformedBody for doubts."""
    try:
        pairs = parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError:
        raise MalformedBody(f"The {what} must be UTF-8") from None
    except ValueError:
        raise MalformedBody(f"The {what} has more than {MOST_FIELDS} fields") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            _append(found, name.removesuffix("[]"), value, what)
        elif name in found:
            raise MalformedBody(f"The {what} names {name[:60]!a} twice")
        else:
            found[name] = value
    return found


def _append(found: dict[str, Any], name: str, value: str, what: str) -> None:
    values = found.setdefault(name, [])
    if not isinstance(values, list):
        raise MalformedBody(f"The {what} names {name[:60]!a} twice")
    values.append(value)


def check_encoding(request: Request) -> None:
    """Raise UnsupportedMediaType for compressed bodies, which may grow without limit, and texts that are not UTF-8."""
    if request.content_encoding not in {None, "", "identity"}:
        raise UnsupportedMediaType("Send the body as it is, not compressed")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType("Send the body in UTF-8")
