"""A body counts when all of it came: half a form reads like a whole one, `12` like `120.00` (security.md T36, T92).

And not all threads of a process wait for bodies at once: whoever sends theirs byte by byte holds one for as long as
they like, and what is asked without a body, news of payments above all, is answered meanwhile (T37).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NoReturn

from flask import request
from werkzeug.exceptions import LengthRequired, ServiceUnavailable
from werkzeug.wsgi import LimitedStream, get_content_length

from app.web.strict_json import MalformedBody

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
# Of the eight threads a process has unless it is told otherwise.
MOST_WAITING = 6
RETRY_S = 5
# Bodies that are there already are read in far less, however many come at once; who waits this long waits for a sender.
PATIENCE_S = 0.2


class WholeBody(LimitedStream):
    """A body of the length that was said; servers end one whose sender went away as if it ended there."""

    def on_disconnect(self, error: Exception | None = None) -> NoReturn:
        """Refuse a body that is shorter."""
        raise MalformedBody("The body broke off before the length it was said to have: send it again") from error


class Waited:
    """A body as the server hands it out, for which only so many threads wait at a time."""

    def __init__(self, body: Any, room: threading.BoundedSemaphore) -> None:
        self._body = body
        self._room = room

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes. Raises ServiceUnavailable while too many threads wait for others' bodies."""
        if not self._room.acquire(timeout=PATIENCE_S):
            raise ServiceUnavailable(retry_after=RETRY_S)
        try:
            return bytes(self._body.read(size))
        finally:
            self._room.release()


class SaidLengths:
    """Hands requests on with bodies that are whole or refused."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._room = threading.BoundedSemaphore(MOST_WAITING)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request."""
        length = get_content_length(environ)
        if length or (length is None and _may_have_a_body(environ)):
            waited: Any = Waited(environ["wsgi.input"], self._room)
            environ["wsgi.input"] = WholeBody(waited, length) if length else waited
        return self._application(environ, start_response)


def install(app: Flask) -> None:
    """Put it before the application; a form whose length nobody said is refused, as its end would be a guess."""
    app.wsgi_app = SaidLengths(app.wsgi_app)  # type: ignore[method-assign]
    app.before_request(_refuse_endless_forms)


def _refuse_endless_forms() -> None:
    if request.mimetype in FORMS and request.content_length is None and _may_have_a_body(request.environ):
        raise LengthRequired("Say how long the form is: send Content-Length")


def _may_have_a_body(environ: WSGIEnvironment) -> bool:
    """Return whether a body may follow though nobody said its length: in pieces, or as HTTP/2 sends any."""
    return "HTTP_TRANSFER_ENCODING" in environ or environ.get("SERVER_PROTOCOL", "").startswith("HTTP/2")
