"""A body counts when all of it came: half a form reads like a whole one, `12` like `120.00` (security.md T36, T92)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from flask import request
from werkzeug.exceptions import LengthRequired
from werkzeug.wsgi import LimitedStream, get_content_length

from app.web.strict_json import MalformedBody

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class WholeBody(LimitedStream):
    """A body of the length that was said; servers end one whose sender went away as if it ended there."""

    def on_disconnect(self, error: Exception | None = None) -> NoReturn:
        """Refuse a body that is shorter."""
        raise MalformedBody("The body broke off before the length it was said to have: send it again") from error


class SaidLengths:
    """Hands requests on with bodies that are whole or refused."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request."""
        length = get_content_length(environ)
        if length:
            environ["wsgi.input"] = WholeBody(environ["wsgi.input"], length)
        return self._application(environ, start_response)


def install(app: Flask) -> None:
    """Put it before the application; a form whose length nobody said is refused, as its end would be a guess."""
    app.wsgi_app = SaidLengths(app.wsgi_app)  # type: ignore[method-assign]
    app.before_request(_refuse_endless_forms)


def _refuse_endless_forms() -> None:
    if request.mimetype in FORMS and request.content_length is None and _may_have_a_body():
        raise LengthRequired("Say how long the form is: send Content-Length")


def _may_have_a_body() -> bool:
    """Return whether a body may follow though nobody said its length: in pieces, or as HTTP/2 sends any."""
    return "Transfer-Encoding" in request.headers or request.environ.get("SERVER_PROTOCOL", "").startswith("HTTP/2")
