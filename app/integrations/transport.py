"""How bytes leave this process: verified TLS only, to an address that was checked, within a deadline.

The name is resolved here, every address found must be public, and the connection goes to one of exactly these, so that
a name cannot mean one thing when it is checked and another when it is used (security T43, T87).
"""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from app.domain.address import is_public, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_KEEP_ALIVE_S = 15.0  # shorter than the servers' own patience: a reused connection is then a live one
_FEWEST_S = 0.001

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound all that this thread sends and receives inside the block to `seconds` from now, however slowly it drips."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining_s() -> float:
    """Return the seconds left until the deadline; infinite without one."""
    end = _deadline.get()
    return float("inf") if end is None else end - time.monotonic()


def resolve(host: str, port: int) -> list[str]:
    """Return every address of `host`. Raises OSError when there is none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class CheckedTransport(httpx.BaseTransport):
    """Sends httpx requests over connections opened by a `CheckedBackend`."""

    def __init__(
        self,
        *,
        parallel: int,
        allow_private: bool,
        context: ssl.SSLContext | None = None,
        resolver: Callable[[str, int], Iterable[str]] = resolve,
    ) -> None:
        """Keep at most `parallel` connections. `context` may name another authority, never none: ValueError."""
        context = context or ssl.create_default_context()
        if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
            raise ValueError("a connection without a verified certificate is never made")
        context.minimum_version = max(
            context.minimum_version, ssl.TLSVersion.TLSv1_2
        )  # some Pythons leave it to the system
        context.hostname_checks_common_name = False  # a certificate names its hosts in the extension or not at all
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=parallel,
            max_keepalive_connections=parallel,
            keepalive_expiry=_KEEP_ALIVE_S,
            network_backend=CheckedBackend(allow_private=allow_private, resolver=resolver),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return the answer with an unread body. Raises httpx.TransportError."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        outgoing = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        with _as_httpx(request):
            answer = self._pool.handle_request(outgoing)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer, request), extensions=answer.extensions
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class CheckedBackend(httpcore.NetworkBackend):
    """Opens connections to checked addresses only."""

    def __init__(self, *, allow_private: bool, resolver: Callable[[str, int], Iterable[str]]) -> None:
        self._allow_private = allow_private
        self._resolver = resolver
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to the first address of `host` that answers, all of them having been checked."""
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in self._addresses(host, port):
            try:
                stream = self._plain.connect_tcp(address, port, _within(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as fault:
                failure = fault
            else:
                return BoundedStream(stream)
        raise failure

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Refuse: no provider lives on a socket file."""
        raise httpcore.ConnectError("socket files are not used")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = list(dict.fromkeys(self._resolver(host, port)))
        except (OSError, UnicodeError) as fault:
            raise httpcore.ConnectError("the name cannot be resolved") from fault
        if not self._allow_private and not all(map(_is_allowed, found)):
            raise httpcore.ConnectError("the name leads to an address outside the public internet")
        return found


class BoundedStream(httpcore.NetworkStream):
    """A connection whose every read and write also obeys the deadline of the call using it."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what came. Raises httpcore.ReadTimeout."""
        if remaining_s() <= 0:
            raise httpcore.ReadTimeout("the time for the whole call is over")
        return self._stream.read(max_bytes, _within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send `buffer`. Raises httpcore.WriteTimeout."""
        self._stream.write(buffer, _within(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the encrypted connection, its certificate verified. Raises httpcore.ConnectError."""
        return BoundedStream(self._stream.start_tls(ssl_context, server_hostname, _within(timeout)))

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows about itself, such as whether the other side has closed it."""
        return self._stream.get_extra_info(info)


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx(self._request):
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    """Turn an error of httpcore into the one of the same name in httpx."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as fault:
        kind: type[httpx.TransportError] = getattr(httpx, type(fault).__name__)
        raise kind(str(fault), request=request) from fault


def _is_allowed(address: str) -> bool:
    found = literal(address)
    return found is not None and is_public(found)


def _within(timeout: float | None) -> float | None:
    left = max(remaining_s(), _FEWEST_S)
    return min(float("inf") if timeout is None else timeout, left) if left != float("inf") else timeout
