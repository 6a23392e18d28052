"""An application on a real socket in this process, for browsers, clients and faults that need one."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from werkzeug.serving import BaseWSGIServer


@contextmanager
def listening(app: WSGIApplication) -> Iterator[BaseWSGIServer]:
    """Serve the application on a free port of loopback for as long as the block lasts."""
    server = make_server("127.0.0.1", 0, closing(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def closing(app: WSGIApplication) -> WSGIApplication:
    """Return the application with answers that are closed even if the client is gone.

    This server does not close the answer to a connection that was reset, and an open file would warn in another test.
    """

    def answered(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = app(environ, start_response)
        try:
            yield from answer
        finally:
            if close := getattr(answer, "close", None):
                close()

    return answered
