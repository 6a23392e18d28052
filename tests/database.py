"""Databases for tests: one is migrated, the others are its clones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import make_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEMPLATE = "billing_template"
OWNER = "billing"
ROOM = 4 << 30  # bytes the largest tests may need
LOCK = 4_207  # any number, the same in all workers


def roomiest() -> Path:
    """Return where the servers of the tests keep their data: in memory, where a database is copied 25 times as fast."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free >= ROOM else Path("/tmp")


class Databases:
    """Makes databases on the shared server over one connection; `url` is the server's maintenance database."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self._maintenance = self._connected()
        self._has_template = False

    def close(self) -> None:
        """Close the connection."""
        self._maintenance.close()

    @contextmanager
    def clone(self) -> Iterator[str]:
        """Return the URL of a migrated database that lives as long as the block."""
        self._ensure_template()
        with self._made(template=TEMPLATE) as name:
            yield self._owned(name)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Return the URL of a database without tables that lives as long as the block."""
        self._ensure_template()
        with self._made(template="template0") as name:
            yield self._owned(name)

    @contextmanager
    def backup(self, url: str) -> Iterator[Callable[[], None]]:
        """Keep a database as it is, and return what puts it back; nobody may be connected meanwhile."""
        name = make_url(url).database or ""
        with self._made(template=name) as kept:
            yield partial(self._put_back, name, kept)

    def _put_back(self, name: str, kept: str) -> None:
        self._run(f"drop database {name} with (force)")
        self._run(f"create database {name} template {kept} owner {OWNER} strategy file_copy")

    @contextmanager
    def _made(self, template: str) -> Iterator[str]:
        name = f"test_{uuid.uuid4().hex[:12]}"
        # Copying files takes a third of the time of writing pages to a log that nobody will read.
        self._run(f"create database {name} template {template} owner {OWNER} strategy file_copy")
        try:
            yield name
        finally:
            self._run(f"drop database {name} with (force)")

    def _ensure_template(self) -> None:
        """Migrate the template once; other workers wait for the one that does it."""
        if not self._has_template:
            self._migrate_template()
            self._has_template = True

    def _migrate_template(self) -> None:
        with self._connected() as connection:
            connection.execute("select pg_advisory_lock(%s)", [LOCK])
            known = connection.execute("select 1 from pg_database where datname = %s", [TEMPLATE]).fetchone()
            if known:
                return
            if not connection.execute("select 1 from pg_roles where rolname = %s", [OWNER]).fetchone():
                connection.execute(f"create role {OWNER} login")
            connection.execute(f"drop database if exists {TEMPLATE}_half with (force)")
            connection.execute(f"create database {TEMPLATE}_half owner {OWNER}")
            migrate(self._owned(f"{TEMPLATE}_half"))
            connection.execute(f"alter database {TEMPLATE}_half rename to {TEMPLATE}")

    def _run(self, statement: str) -> None:
        if self._maintenance.info.transaction_status != TransactionStatus.IDLE:  # a test was ended within a statement
            self._maintenance.close()
            self._maintenance = self._connected()
        self._maintenance.execute(statement)

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(_libpq(self.url.render_as_string(hide_password=False)), autocommit=True)

    def _owned(self, name: str) -> str:
        return self.url.set(database=name, username=OWNER).render_as_string(hide_password=False)


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database to the revision, in a process of its own as `billing migrate` would."""
    subprocess.run(
        [sys.executable, "-m", "app.cli", "migrate", "--revision", revision],
        check=True,
        env=os.environ
        | {
            "BILLING_DEVELOPMENT": "1",
            "SECRET_KEY": "a secret that is long enough for tests",
            "DATABASE_URL": url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
        },
    )
