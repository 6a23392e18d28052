"""What may happen to our processes and servers (reliability.md 4.4); each returns when it is over or under way."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import redis

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.installation import Installation

PAUSED_S = 5
HELD_S = 3


def kill(name: str, system: Installation) -> None:
    """End a process without a word; wait for it first if it is just being started again."""
    while not system.kill(name):
        time.sleep(0.1)


def kill_web_worker(system: Installation) -> None:
    """End the process that answers requests; its parent lives."""
    for pid in system.children("web"):
        os.kill(pid, signal.SIGKILL)


def ask_twice_to_stop(name: str, system: Installation) -> None:
    """Ask politely, and again before it is done."""
    pid = _wait_for(system, name)
    os.kill(pid, signal.SIGTERM)
    time.sleep(0.3)
    _signal(pid, signal.SIGTERM)


def freeze(name: str, system: Installation) -> None:
    """Let a process sleep and then go on as if nothing had been: its lease may be somebody else's by then."""
    pid = _wait_for(system, name)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(PAUSED_S)
    _signal(pid, signal.SIGCONT)


def flush(system: Installation) -> None:
    """Make Redis forget everything."""
    _redis(system).flushall()


def fill_redis(system: Installation) -> None:
    """Let Redis refuse every write for a while."""
    store = _redis(system)
    store.config_set("maxmemory", "1")
    time.sleep(HELD_S)
    store.config_set("maxmemory", "0")


def end_connections(system: Installation) -> None:
    """End every connection to the database, whatever it was doing."""
    with _database(system) as connection:
        others = "pid <> pg_backend_pid() and usename = current_user"
        connection.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")


def lock_invoices(system: Installation) -> None:
    """Hold what an operator at a console may hold: nobody can change an invoice meanwhile."""
    with _database(system) as connection, connection.transaction():
        connection.execute("lock table invoice in share row exclusive mode")
        time.sleep(HELD_S)


def _wait_for(system: Installation, name: str) -> int:
    while (pid := system.pid(name)) is None:
        time.sleep(0.1)
    return pid


def _signal(pid: int, which: signal.Signals) -> None:
    if Path(f"/proc/{pid}").exists():
        os.kill(pid, which)


def _redis(system: Installation) -> redis.Redis:
    client: redis.Redis = redis.Redis.from_url(system.environment()["REDIS_URL"], socket_timeout=5)
    return client


def _database(system: Installation) -> psycopg.Connection[tuple[object, ...]]:
    url = system.environment()["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    for _ in range(100):
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.2)
    raise AssertionError("the database did not come back")


MEMBERS = ("web", "money", "notify", "background", "relay", "valkey", "postgres")
BREAKAGES: dict[str, Callable[[Installation], None]] = {
    **{name: partial(kill, name) for name in MEMBERS},
    "web worker": kill_web_worker,
    **{f"stop {name}": partial(ask_twice_to_stop, name) for name in ("money", "notify", "relay")},
    **{f"freeze {name}": partial(freeze, name) for name in ("money", "notify", "relay", "background")},
    "flush": flush,
    "redis full": fill_redis,
    "connections": end_connections,
    "lock": lock_invoices,
}
