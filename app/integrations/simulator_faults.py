"""How a turned dial spoils the answers of a simulator's views, and how a script turns it."""

from __future__ import annotations

import socket
import time
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Response, g, jsonify, request

from app.integrations.simulator_requests import Unreadable, read_json, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from app.integrations.fault_dial import Fault, FaultDial

    View = Callable[..., Response]

ON_THE_WIRE = (
    "http",
    "http_after",
    "slow",
    "timeout_after",
    "reset",
    "reset_after",
    "truncate",
    "html",
    "unknown_fields",
)
# More than anybody knows: something nested, nothing, a number no float holds, and text beyond ASCII.
UNKNOWN_FIELDS = (
    '"x_unknown": {"nested": [1, null, {"deep": true}]}, "x_nothing": null, '
    '"x_huge": 123456789012345678901234567890, "x_text": "\\u00f5\\u2603"'
)


def install(app: Flask, dial: FaultDial) -> None:
    """Let a script read and turn the dial at `/_sim/faults`."""

    @app.route("/_sim/faults", methods=["GET", "PUT"])
    def _faults() -> Response:
        if request.method == "PUT":
            try:
                dial.script(read_json())
            except Unreadable:
                raise
            except ValueError as fault:
                return refused(str(fault))
        return jsonify(dial.shown())


def faulty(dial: FaultDial, operation: str) -> Callable[[View], View]:
    """Return a decorator that lets the dial spoil a view's answer."""
    dial.offer(operation, ON_THE_WIRE)

    def decorate(view: View) -> View:
        @wraps(view)
        def spoiled(*args: Any, **kwargs: Any) -> Response:
            fault = dial.take(operation, ON_THE_WIRE)
            if fault is None:
                return view(*args, **kwargs)
            g.injected_fault = fault.kind
            return _spoil(fault, lambda: view(*args, **kwargs))

        return spoiled

    return decorate


def _spoil(fault: Fault, do: Callable[[], Response]) -> Response:
    if fault.kind == "http":
        return _error(fault)
    if fault.kind == "reset":
        return _hang_up()
    if fault.kind == "slow":
        time.sleep(fault.seconds)
        return do()
    return _spoil_answer(fault, do())


def _spoil_answer(fault: Fault, answer: Response) -> Response:
    """Return what is left of an answer to something that was done."""
    if fault.kind == "http_after":
        return _error(fault)
    if fault.kind == "truncate":
        body = answer.get_data()
        return Response(body[: len(body) // 2], status=answer.status_code, mimetype="application/json")
    if fault.kind == "html":
        return Response("<html><body>Please stand by</body></html>", mimetype="text/html")
    if fault.kind == "unknown_fields":
        return _with_unknown_fields(answer)
    if fault.kind == "timeout_after":
        time.sleep(fault.seconds)
    return _hang_up()


def _with_unknown_fields(answer: Response) -> Response:
    text = answer.get_data(as_text=True).strip()
    if not text.startswith("{"):
        return answer
    known = text[1:].strip()
    answer.set_data(f"{{{UNKNOWN_FIELDS}{'' if known == '}' else ', '}{known}")
    return answer


def _error(fault: Fault) -> Response:
    headers = {"Retry-After": fault.retry_header} if fault.retry_header else None
    body = '{"error":{"code":9999,"message":"injected"}}'
    return Response(body, fault.status, headers, mimetype="application/json")


def _hang_up() -> Response:
    """Break the connection under the answer."""
    wire: socket.socket | None = request.environ.get("werkzeug.socket")
    if wire is not None:
        wire.shutdown(socket.SHUT_RDWR)
    return Response(status=504)
