"""A process that is killed at a chosen point: each statement, commit, request, answer and word to Redis is one.

The flow runs in a forked child which kills itself with SIGKILL, so that nothing of its own cleans up. The simulators
live in the parent: the child's requests come over a pipe, and what they did is done although it never heard the answer.
"""

from __future__ import annotations

import os
import signal
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Any, NoReturn

import httpx
from redis.connection import AbstractConnection
from sqlalchemy import event

from app.extensions import db
from app.prepared import Prepared
from tests.system import integrations

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from tests.system import System

FAILED = 3  # exit code of a flow that ended in an exception nobody planted


@dataclass
class Points:
    """Counts the points that were passed; kills this process before it goes on from the one it was told."""

    fatal: int
    passed: int = 0

    def reached(self, *_: Any) -> None:
        """Note a point."""
        self.passed += 1
        if self.passed == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


class Piped(httpx.BaseTransport):
    """Sends a request to the parent, which asks the simulator."""

    def __init__(self, name: str, pipe: Connection, points: Points) -> None:
        self.name, self.pipe, self.points = name, pipe, points

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the simulator's answer; before sending and after receiving is a point."""
        self.points.reached()
        self.pipe.send((self.name, request.method, str(request.url), list(request.headers.raw), request.read()))
        status, headers, body = self.pipe.recv()
        self.points.reached()
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body), request=request)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: whether the fatal point was reached, and else how many points there were."""

    killed: bool
    passed: int


def run_until(system: System, flow: Callable[[System], object], fatal: int) -> Ended:
    """Run the flow in a child that dies at the point `fatal` (0: never). Raises AssertionError when the flow fails."""
    here, there = Pipe()
    child = os.fork()
    if child == 0:
        here.close()
        _live(system, flow, Points(fatal), there)
    there.close()
    passed = _serve(system, here)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or os.waitstatus_to_exitcode(status) == 0, f"the flow ended with {status}"
    return Ended(killed, passed)


def _live(system: System, flow: Callable[[System], object], points: Points, pipe: Connection) -> NoReturn:
    """Be the child: nothing of the parent's is used but memory."""
    code = FAILED
    try:
        with system.app.app_context():
            db.session.remove()
            db.engine.dispose(close=False)
            _plant(points)
        system.app.extensions.pop("redis", None)
        system.app.extensions["integrations"] = integrations(
            {name: Piped(name, pipe, points) for name in system.transports}, system.app.extensions["settings"].mail
        )
        flow(system)
        points.fatal = 0
        pipe.send(points.passed)
        code = 0
    except BaseException:  # noqa: BLE001 - the parent tells
        pipe.send(traceback.format_exc())
    finally:
        os._exit(code)


def _plant(points: Points) -> None:
    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(db.engine, moment, points.reached)
    for owner, name in ((Prepared, "run"), (AbstractConnection, "send_packed_command")):
        setattr(owner, name, _between(points, getattr(owner, name)))


def _between(points: Points, deed: Callable[..., Any]) -> Callable[..., Any]:
    def done(*arguments: Any, **named: Any) -> Any:
        points.reached()
        answer = deed(*arguments, **named)
        points.reached()
        return answer

    return done


def _serve(system: System, pipe: Connection) -> int:
    """Answer the child's requests until it is gone; returns how many points it passed, 0 if it did not live to say."""
    with suppress(EOFError, ConnectionResetError, BrokenPipeError):
        while True:
            said = pipe.recv()
            if isinstance(said, int):
                return said
            assert not isinstance(said, str), f"the flow failed: {said}"
            name, method, url, headers, body = said
            request = httpx.Request(method, url, headers=headers, content=body)
            answer = system.transports[name].handle_request(request)
            pipe.send((answer.status_code, list(answer.headers.raw), answer.read()))
    return 0
