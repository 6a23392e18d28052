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
EXCHANGE = ("id", "at", "what", "body", "status", "answer", "fault")


class Store:
    """Documents by kind and key, and a log of every exchange; one writer at a time."""

    def __init__(self, path: Path | None) -> None:
        """Open the store at `path`, or one in memory."""
        self._connection = sqlite3.connect(str(path or ":memory:"), check_same_thread=False, isolation_level=None)
        self._lock = threading.RLock()
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")
        self._connection.executescript(SCHEMA)
        self._add_what_older_stores_lack()

    def _add_what_older_stores_lack(self) -> None:
        columns = {row[1] for row in self._connection.execute("pragma table_info(exchange)")}
        if "fault" not in columns:
            self._connection.execute("alter table exchange add column fault text")

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
        """Write a document; one that is there keeps its place in the order."""
        with self.changing():
            self._connection.execute(
                "insert into document values (?, ?, ?) on conflict (kind, key) do update set body = excluded.body",
                (kind, key, json.dumps(body)),
            )

    def append(self, kind: str, body: dict[str, Any]) -> int:
        """Write a document under the next free number of its kind, and return the number."""
        with self.changing():
            number = int(
                self._connection.execute("select count(*) from document where kind = ?", (kind,)).fetchone()[0]
            )
            self.put(kind, str(number + 1), body)
        return number + 1

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return every document of a kind, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "select body from document where kind = ? order by rowid", (kind,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def note(self, what: str, body: str, status: int | None = None, answer: str = "", fault: str | None = None) -> None:
        """Record one exchange, with the fault that was put into it."""
        with self.changing():
            self._connection.execute(
                "insert into exchange (at, what, body, status, answer, fault) values (?, ?, ?, ?, ?, ?)",
                (datetime.now(UTC).isoformat(), what, body, status, answer, fault),
            )

    def exchanges(self, what: str = "") -> list[dict[str, Any]]:
        """Return the recorded exchanges whose `what` contains the text, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                f"select {', '.join(EXCHANGE)} from exchange where instr(what, ?) or ? = '' order by id",  # noqa: S608 - our own names
                (what, what),
            ).fetchall()
        return [dict(zip(EXCHANGE, row, strict=True)) for row in rows]
