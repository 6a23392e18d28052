"""The only place that commits: one transaction for state, ledger, timeline and outbox."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from flask import current_app
from sqlalchemy.exc import DBAPIError

from app import queue
from app.extensions import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy.orm import Session

    from app.prepared import Prepared

P = ParamSpec("P")
R = TypeVar("R")

# Serialization failure, deadlock, lock timeout: the work is sound, the moment was not (reliability.md 3.4).
RETRIABLE = {"40001", "40P01", "55P03"}
RETRIES = 5
MEMORY = "process_memory"

# What a verb checks before each request that leaves.
_BEFORE_REQUESTS: ContextVar[Callable[[], None] | None] = ContextVar("before_requests", default=None)


class TransactionOpen(RuntimeError):
    """A network call was about to start while a database transaction is open."""


def session() -> Session:
    """Return the session of this application context."""
    return cast("Session", db.session())


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a transaction, or join the one that is open; only the outermost commits or rolls back.

    After the commit the bell rings if work was posted to the outbox.
    """
    current = session()
    if current.info.get("depth"):
        yield current
        return
    current.info["depth"] = 1
    current.info["rings"] = False
    current.info["learned"] = {}
    try:
        yield current
        current.commit()
    except BaseException:
        current.rollback()
        current_app.extensions.pop(MEMORY, None)
        raise
    finally:
        current.info["depth"] = 0
    for name, found in current.info["learned"].items():
        process_memory(name).update(found)
    if current.info["rings"]:
        queue.ring()


def run_statement(statement: Prepared, values: dict[str, Any]) -> tuple[Any, ...] | None:
    """Run one statement that is a whole transaction by itself, in one round trip, and return its first row or None.

    Inside an open transaction it is part of that one.
    """
    if in_transaction():
        row = session().execute(statement.text, values).first()
        return None if row is None else tuple(row)
    return statement.run(values)


def run_autonomously(statement: Prepared, values: dict[str, Any]) -> tuple[Any, ...] | None:
    """Run one statement as a transaction of its own on another connection, whatever is open here; return its first row.

    For what must be seen, and stay, whatever becomes of the open transaction. It must touch no row which that has
    changed: nobody would ever end that wait.
    """
    return statement.run(values)


def process_memory(name: str) -> dict[Any, Any]:
    """Return what this process remembers under a name; one of its transactions that is rolled back forgets all."""
    memory: dict[str, dict[Any, Any]] = current_app.extensions.setdefault(MEMORY, {})
    return memory.setdefault(name, {})


def remember_after_commit(name: str, found: Mapping[Any, Any]) -> None:
    """Let this process remember something under a name once the transaction that is open has committed.

    Until then it may be a row nobody else can see, and another thread would point at what is not there.
    """
    session().info["learned"].setdefault(name, {}).update(found)


def ring_after_commit() -> None:
    """Ask for the bell once the current transaction has committed."""
    session().info["rings"] = True


def ring_bell() -> None:
    """Ring the bell: with the commit of the transaction that is open, or now when none is."""
    if in_transaction():
        ring_after_commit()
    else:
        queue.ring()


def in_transaction() -> bool:
    """Return whether a verb has a transaction open; asking makes no session."""
    return db.session.registry.has() and bool(session().info.get("depth"))


def assert_no_transaction() -> None:
    """Raise TransactionOpen when a transaction is open; reads that merely linger are ended instead.

    Called before every outgoing request: no row stays locked while somebody else takes their time (money law 3). What
    `asked_before_requests` was given is asked then, and nothing leaves when it raises.
    """
    if in_transaction():
        raise TransactionOpen
    end_reads()
    asked = _BEFORE_REQUESTS.get()
    if asked is not None:
        asked()


def end_reads() -> None:
    """Give back the connection of reads that merely linger; inside a transaction, and without any reads, do nothing."""
    if db.session.registry.has() and not in_transaction():
        session().rollback()


@contextmanager
def asked_before_requests(ask: Callable[[], None]) -> Iterator[None]:
    """Call this before every request that leaves inside the block, in transactions of its own."""
    token = _BEFORE_REQUESTS.set(ask)
    try:
        yield
    finally:
        _BEFORE_REQUESTS.reset(token)


def retried(verb: Callable[P, R]) -> Callable[P, R]:
    """Return the verb repeated when the database asks for it, at most five times with 20 to 200 ms between.

    Inside another transaction the verb runs once: the outermost caller decides about repeating.
    """

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(RETRIES):
            try:
                return verb(*args, **kwargs)
            except DBAPIError as fault:
                if in_transaction() or attempt == RETRIES - 1 or getattr(fault.orig, "sqlstate", None) not in RETRIABLE:
                    raise
                time.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - jitter, not a secret
        raise AssertionError

    run.__name__ = verb.__name__
    run.__doc__ = verb.__doc__
    return run
