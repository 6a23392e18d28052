"""A server on loopback that says exactly the bytes it is told: for what no simulator in this process can do."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Conversation = Callable[[socket.socket], None]


def http(body: bytes, *, status: str = "200 OK", headers: str = "Content-Type: application/json\r\n") -> bytes:
    """Return a whole answer."""
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def say(*pieces: bytes, pause_s: float = 0) -> Conversation:
    """Return a conversation that reads one request and says the pieces, with a pause before each after the first."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        for index, piece in enumerate(pieces):
            time.sleep(pause_s if index else 0)
            connection.sendall(piece)

    return talk


class Server:
    """Holds one conversation per connection, in order; the last one is repeated. Counts connections and requests."""

    def __init__(self, *conversations: Conversation, tls: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self._conversations = conversations
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                conversation = self._conversations[min(self.connections, len(self._conversations) - 1)]
                self.connections += 1
                try:
                    if self._tls is None:
                        conversation(connection)
                    else:
                        with self._tls.wrap_socket(connection, server_side=True) as secured:
                            conversation(secured)
                except OSError:
                    continue


def closed_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
