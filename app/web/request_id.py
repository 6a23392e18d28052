"""One id per request: in the answer, in every log line and in what people quote when they ask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from flask import g, request

if TYPE_CHECKING:
    from flask import Flask, Response

HEADER = "X-Request-Id"
GIVEN = re.compile(r"[A-Za-z0-9-]{16,64}", re.ASCII)


def install(app: Flask) -> None:
    """Name every request when it comes and show the name in its answer."""
    app.before_request(_name)
    app.after_request(_show)


def current() -> str:
    """Return the id of this request."""
    name: str = g.get("request_id", "")
    return name


def _name() -> None:
    """Take the id the caller or a proxy gave, if it can be one."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if GIVEN.fullmatch(given) else uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _show(response: Response) -> Response:
    response.headers[HEADER] = current()
    return response
