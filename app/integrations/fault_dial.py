"""The fault dial of every simulator: what goes wrong, where, how often (reliability.md 4.3)."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, replace
from functools import wraps
from random import Random
from typing import TYPE_CHECKING, Any

from flask import Response, request

if TYPE_CHECKING:
    from collections.abc import Callable

    View = Callable[..., Response]

KINDS = (
    "http",  # answer `status` without doing anything
    "http_after",  # do it, then answer `status`
    "slow",  # wait `seconds`, then do it
    "timeout_after",  # do it, keep the caller waiting `seconds`, say nothing
    "reset",  # break the connection without doing anything
    "reset_after",  # do it, then break the connection
    "truncate",  # do it, answer half of the JSON
    "html",  # do it, answer a page instead of JSON
    "wrong_amount",
    "foreign_account",
    "unknown_state",
    "lose",  # callbacks only, from here on
    "double",
    "delay",
    "reorder",
)
LONGEST_S = 120.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong at `operation`, for the next `times` times, with `percent` probability."""

    operation: str
    kind: str
    times: int = 1
    percent: int = 100
    status: int = 500
    seconds: float = 1.0
    count: int = 2

    @classmethod
    def read(cls, body: dict[str, Any]) -> Fault:
        """Return the fault a script asks for. Raises ValueError for one that does not exist."""
        if body.get("kind") not in KINDS or not isinstance(body.get("operation"), str):
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, operation a name")
        known = {key: body[key] for key in body if key in cls.__slots__}
        fault = cls(**known)
        return replace(fault, seconds=min(float(fault.seconds), LONGEST_S))


class FaultDial:
    """Holds the faults and counts what was injected; safe for threads."""

    def __init__(self, seed: int = 1) -> None:
        self._faults: list[Fault] = []
        self._dice = Random(seed)
        self._lock = threading.Lock()
        self.injected: dict[str, int] = {}

    def turn(self, faults: list[Fault]) -> None:
        """Replace all faults."""
        with self._lock:
            self._faults = list(faults)

    def shown(self) -> dict[str, Any]:
        """Return the faults that are left and how many were injected, for a script."""
        with self._lock:
            left = [{name: getattr(fault, name) for name in Fault.__slots__} for fault in self._faults]
            return {"faults": left, "injected": dict(self.injected)}

    def take(self, operation: str, kinds: tuple[str, ...] = KINDS) -> Fault | None:
        """Return the fault that strikes now, if one does."""
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.operation not in {operation, "*"} or fault.kind not in kinds:
                    continue
                if self._dice.randrange(100) >= fault.percent:
                    continue
                self._use(position, fault)
                return fault
            return None

    def _use(self, position: int, fault: Fault) -> None:
        self.injected[fault.kind] = self.injected.get(fault.kind, 0) + 1
        if fault.times > 1:
            self._faults[position] = replace(fault, times=fault.times - 1)
        elif fault.times == 1:
            del self._faults[position]


ON_THE_WIRE = ("http", "http_after", "slow", "timeout_after", "reset", "reset_after", "truncate", "html")


def faulty(dial: FaultDial, operation: str) -> Callable[[View], View]:
    """Return a decorator that lets the dial spoil a view's answer."""

    def decorate(view: View) -> View:
        @wraps(view)
        def spoiled(*args: Any, **kwargs: Any) -> Response:
            fault = dial.take(operation, ON_THE_WIRE)
            if fault is None:
                return view(*args, **kwargs)
            return _spoil(fault, lambda: view(*args, **kwargs))

        return spoiled

    return decorate


def _spoil(fault: Fault, do: Callable[[], Response]) -> Response:  # noqa: PLR0911 - one line per fault
    if fault.kind == "http":
        return _error(fault.status)
    if fault.kind == "reset":
        return _hang_up()
    if fault.kind == "slow":
        time.sleep(fault.seconds)
        return do()
    answer = do()
    if fault.kind == "http_after":
        return _error(fault.status)
    if fault.kind == "timeout_after":
        time.sleep(fault.seconds)
        return _hang_up()
    if fault.kind == "truncate":
        body = answer.get_data()
        return Response(body[: len(body) // 2], status=answer.status_code, mimetype="application/json")
    if fault.kind == "html":
        return Response("<html><body>Please stand by</body></html>", mimetype="text/html")
    return _hang_up()


def _error(status: int) -> Response:
    headers = {"Retry-After": "1"} if status in {429, 503} else None
    return Response('{"error":{"code":9999,"message":"injected"}}', status, headers, mimetype="application/json")


def _hang_up() -> Response:
    """Break the connection under the answer."""
    wire: socket.socket | None = request.environ.get("werkzeug.socket")
    if wire is not None:
        wire.shutdown(socket.SHUT_RDWR)
    return Response(status=504)
