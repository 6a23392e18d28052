"""The processes of `billing up`: what each is called, how it starts, when it answers, in which turn it stops."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.demo import environment
from app.demo.child import Command
from app.demo.processes import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.demo.environment import Installation
    from app.demo.postgres import Postgres
    from app.demo.valkey import Valkey

CHECKOUT = Path(__file__).resolve().parents[2]
# The web drains first; the servers leave when nobody needs them (reliability.md 3.14).
WEB, WORKERS, RELAY, SIMULATORS, STORE, DATABASE = range(1, 7)
QUEUES = ["money", "notify", "background"]
ANSWER_TIMEOUT_S = 2.0
BEHIND = 5  # niceness of what may wait while the first page is served


def billing(*arguments: str, env: Mapping[str, str], nice: int = 0) -> Command:
    """Return one of our own commands."""
    return Command([sys.executable, "-m", "app.cli", *arguments], env=env, cwd=str(CHECKOUT), nice=nice)


def database(server: Postgres) -> Member:
    """Return the database server."""
    return Member("postgres", server.command(), DATABASE, 30, server.prepare, server.is_ready, quiet=True)


def store(server: Valkey) -> Member:
    """Return the Valkey server."""
    return Member("valkey", server.command(), STORE, 10, server.prepare, server.is_ready, quiet=True)


def web(this: Installation, env: Mapping[str, str]) -> Member:
    """Return the web server."""
    command = billing("web", "--port", str(urlsplit(this.web).port), env=env)
    return Member("web", command, WEB, 30, is_ready=answering(f"{this.web}/health/live"))


def simulators(this: Installation, env: Mapping[str, str], data: Path) -> list[Member]:
    """Return the process of all simulators, or nothing when there are none."""
    if not this.simulators:
        return []
    command = billing("simulators", env={**env, **environment.simulators_told(this, data)}, nice=BEHIND)
    asked = [answering(f"{this.simulator(name)}/") for name in this.simulators if name != environment.RAW]
    return [Member("simulators", command, SIMULATORS, 5, is_ready=lambda pid: all(each(pid) for each in asked))]


def workers(env: Mapping[str, str]) -> list[Member]:
    """Return a worker for each queue, and the relay that rings for them."""
    found = [Member(queue, billing("worker", queue, env=env, nice=BEHIND), WORKERS, 60) for queue in QUEUES]
    return [*found, Member("relay", billing("relay", env=env, nice=BEHIND), RELAY, 10)]


def answering(url: str) -> Callable[[int], bool]:
    """Return the question whether a GET of the URL gets any HTTP answer that is no server error."""
    parts = urlsplit(url)
    request = f"GET {parts.path} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode()

    def ask(_pid: int) -> bool:
        try:
            with socket.create_connection((str(parts.hostname), parts.port or 80), ANSWER_TIMEOUT_S) as line:
                line.sendall(request)
                words = line.recv(64).split(b" ", 2)
        except OSError:
            return False
        return len(words) > 1 and words[1][:1] in {b"2", b"3", b"4"}

    return ask
