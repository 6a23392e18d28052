"""A load of HTTP/1.1 requests over kept connections, light enough to share two cores with what it measures."""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

END = b"\r\n\r\n"


@dataclass
class Result:
    """What a load saw: latencies in seconds, answers by status, seconds in all."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Return answers a second."""
        return len(self.latencies) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """Return the latency below which this share of the answers came, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000

    def __str__(self) -> str:
        """Return one line."""
        return (
            f"{self.rate:7.0f} req/s  p50 {self.quantile_ms(0.5):6.1f} ms  p99 {self.quantile_ms(0.99):6.1f} ms  "
            f"{self.statuses}"
        )


class Line:
    """One connection with at most one request under way."""

    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self.port, self.selector = port, selector
        self.began = 0.0
        self.buffer = b""
        self.hung_up = False
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.selector.register(self.socket, selectors.EVENT_READ, self)
        self.hung_up = False

    def send(self, request: bytes) -> None:
        """Send one request, over a new connection where the server does not keep the old one."""
        self.began, self.buffer = time.perf_counter(), b""
        if self.hung_up:
            self.close()
            self._connect()
        self.socket.sendall(request)

    def close(self) -> None:
        """Close the connection."""
        self.selector.unregister(self.socket)
        self.socket.close()

    def receive(self) -> int | None:
        """Return the status once the whole answer is here, else None."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("the server hung up")
        self.buffer += chunk
        head, found, body = self.buffer.partition(END)
        if not found:
            return None
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self.hung_up = b"connection: close" in lower
        return int(head[9:12]) if len(body) >= length else None


def request(method: str, path: str, body: bytes = b"", headers: str = "") -> bytes:
    """Return the bytes of one request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def run(port: int, connections: int, seconds: float, make: Callable[[], bytes], most: int | None = None) -> Result:
    """Keep `connections` busy for `seconds` with requests from `make`, or until `most` were sent; bounded in time."""
    result = Result()
    selector = selectors.DefaultSelector()
    began = time.perf_counter()
    busy = sent = 0
    for _ in range(connections):
        line = Line(port, selector)
        line.send(make())
        busy += 1
        sent += 1
    while busy:
        for key, _ in selector.select(5.0):
            line = key.data
            status = line.receive()
            if status is None:
                continue
            moment = time.perf_counter()
            result.latencies.append(moment - line.began)
            result.statuses[status] = result.statuses.get(status, 0) + 1
            if moment - began < seconds and (most is None or sent < most):
                line.send(make())
                sent += 1
            else:
                line.close()
                busy -= 1
    result.seconds = time.perf_counter() - began
    return result
