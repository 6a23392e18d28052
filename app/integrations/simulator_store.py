"""A simulator's own ledger of truth: documents in SQLite, on disk before they are answered for."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = """
create table if not exists document (kind text, key text, body text not null, primary key (kind, key));
create table if not exists exchange (
  id integer primary key, at text not null, what text not null, body text not null, status integer, answer text
);
"""


class Store:
    """Documents by kind and key, and a log of every exchange; one writer at a time."""

    def __init__(self, path: Path | None) -> None:
        """Open the store at `path`, or one in memory."""
        self._connection = sqlite3.connect(str(path or ":memory:"), check_same_thread=False, isolation_level=None)
        self._lock = threading.RLock()
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the store alone; what happens inside is written together or not at all."""
        with self._lock:
            outermost = not self._connection.in_transaction
            if outermost:
                self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                if outermost:
                    self._connection.execute("rollback")
                raise
            if outermost:
                self._connection.execute("commit")

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a document, or None."""
        with self._lock:
            row = self._connection.execute(
                "select body from document where kind = ? and key = ?", (kind, key)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, key: str, body: dict[str, Any]) -> None:
        """Write a document."""
        with self.changing():
            self._connection.execute("insert or replace into document values (?, ?, ?)", (kind, key, json.dumps(body)))

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return every document of a kind, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "select body from document where kind = ? order by rowid", (kind,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def note(self, what: str, body: str, status: int | None = None, answer: str = "") -> None:
        """Record one exchange."""
        with self.changing():
            self._connection.execute(
                "insert into exchange (at, what, body, status, answer) values (?, ?, ?, ?, ?)",
                (datetime.now(UTC).isoformat(), what, body, status, answer),
            )

    def exchanges(self, what: str = "") -> list[dict[str, Any]]:
        """Return the recorded exchanges whose `what` contains the text, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "select id, at, what, body, status, answer from exchange where instr(what, ?) or ? = '' order by id",
                (what, what),
            ).fetchall()
        return [dict(zip(("id", "at", "what", "body", "status", "answer"), row, strict=True)) for row in rows]
