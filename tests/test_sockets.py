"""The server of the tests lets go of what it sent, also when nobody was left to read it."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING

from tests.sockets import listening

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment


class Paper:
    """An answer that ends when its reader is gone, and remembers whether it was closed."""

    def __init__(self) -> None:
        self.abandoned = threading.Event()
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield b"the end."
        assert self.abandoned.wait(5)

    def close(self) -> None:
        """Remember."""
        self.closed.set()


def test_an_answer_to_a_reset_connection_is_closed() -> None:
    paper = Paper()

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "8")])
        return paper

    with listening(app) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        while not client.recv(1000).endswith(b"end."):
            pass  # until it has all, so that nothing is left to write
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        paper.abandoned.set()
        assert paper.closed.wait(5)
