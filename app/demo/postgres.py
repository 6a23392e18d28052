"""An embedded PostgreSQL: the cluster's folder, the command that serves it, and when it is ready."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.demo.account import give
from app.demo.child import Command
from app.domain.errors import BillingError

if TYPE_CHECKING:
    from app.demo.account import Account

BUILTIN_LOCALE_SINCE = 17
LEFTOVER_TIMEOUT_S = 60.0
STATUS_LINE = 7  # of postmaster.pid, as pg_ctl reads it


class WrongMajor(BillingError):
    """The data was written by another major version of PostgreSQL."""


class NoCluster(BillingError):
    """The folder for the data holds none of PostgreSQL's."""


class InitFailed(BillingError):
    """The program initdb did not make a cluster."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """One cluster in `data`, served on a socket in `sockets` only.

    `settings` are added to the command line; tests turn fsync off there.
    """

    bin: Path
    data: Path
    sockets: Path
    account: Account | None
    settings: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make the cluster if there is none, and remove what a killed server left.

        Raises WrongMajor when the data is of another major version, NoCluster when there is none of it, InitFailed
        when initdb fails.
        """
        if not self.data.exists():
            self._create()
        try:
            stored = (self.data / "PG_VERSION").read_text().strip()
        except OSError as fault:
            raise NoCluster(
                f"{self.data} holds no data of PostgreSQL ({fault.strerror}: PG_VERSION): bring it back, or start over "
                "with --fresh"
            ) from fault
        if stored != str(self.major()):
            raise WrongMajor(
                f"{self.data} was written by PostgreSQL {stored}, the programs in {self.bin} are {self.major()}: "
                "set DATABASE_URL to a server of that version, or start over with --fresh"
            )
        end_leftover(self.data)

    def _create(self) -> None:
        half = self.data.with_name(f"{self.data.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        give(half, self.account)
        locale = ["--locale=C.UTF-8"]
        if self.major() >= BUILTIN_LOCALE_SINCE:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = self._run(
            "initdb", "-D", str(half), "-U", "postgres", "-E", "UTF8", "--auth=trust", "--data-checksums", *locale
        )
        if made.returncode:
            raise InitFailed(made.stdout.strip())
        half.rename(self.data)

    def major(self) -> int:
        """Return the major version of the programs."""
        words = self._run("postgres", "--version").stdout.split()
        return int(words[2].split(".")[0])

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        account = self.account
        return subprocess.run(
            [str(self.bin / program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_environment(),
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,  # Ctrl-C reaches only us, and we stop once it is done
        )

    def command(self) -> Command:
        """Return how the server is started; SIGINT is PostgreSQL's fast stop, also when we die without a word."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            **self.settings,
        }
        return Command(
            argv=[
                str(self.bin / "postgres"),
                "-D",
                str(self.data),
                *[part for name, value in options.items() for part in ("-c", f"{name}={value}")],
            ],
            env=_environment(),
            account=self.account,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            cwd="/",
        )

    def is_ready(self, pid: int) -> bool:
        """Return whether the server started as `pid` accepts connections (what pg_ctl itself looks at)."""
        lines = _pid_file(self.data)
        return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"

    def url(self, database: str, user: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database on this server."""
        return f"postgresql+psycopg://{user}@/{database}?host={quote(str(self.sockets), safe='')}"

    def ask(self, database: str, sql: str, user: str = "postgres") -> str | None:
        """Return psql's bare answer, or None when it could not be given (no such database or table, say).

        Through psql because it answers in 10 ms, before a Python driver would be loaded.
        """
        done = subprocess.run(
            [str(self.bin / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, database],
            check=False,
            capture_output=True,
            text=True,
            env=_environment() | {"PGHOST": str(self.sockets), "PGUSER": user, "PGCONNECT_TIMEOUT": "5"},
            cwd="/",
        )
        return done.stdout.strip() if done.returncode == 0 else None

    def ensure(self, database: str, owner: str) -> None:
        """Make the role and the database it owns, unless they are there.

        The application is no superuser, as it is none in production.
        """
        if self.ask("postgres", f"select 1 from pg_database where datname = '{database}'") == "1":  # noqa: S608 - ours
            return
        self.ask("postgres", f"create role {owner} login")
        self.ask("postgres", f"create database {database} owner {owner}")


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def end_leftover(data: Path) -> None:
    """End a server that still runs on this folder; the caller holds the folder's lock, so it is nobody's.

    A pid in postmaster.pid that now belongs to another program is a stale file, and is removed.
    """
    lines = _pid_file(data)
    if not lines:
        return
    pid = abs(int(lines[0]))
    how = signal.SIGINT
    deadline = time.monotonic() + LEFTOVER_TIMEOUT_S
    while _serves(pid, data):
        _signal(pid, how)
        if time.monotonic() > deadline - LEFTOVER_TIMEOUT_S / 2:
            how = signal.SIGQUIT
        if time.monotonic() > deadline:
            how = signal.SIGKILL
        time.sleep(0.1)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _signal(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return


def _serves(pid: int, data: Path) -> bool:
    """Return whether the process is a PostgreSQL server on this folder."""
    words = _words_of(pid)
    return "postgres" in words[0] and str(data) in words


def _words_of(pid: int) -> list[str]:
    """Return the command line of a process; [""] when there is none (or only its remains)."""
    try:
        if Path("/proc/self").exists():
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return [""]
    listed = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return listed.stdout.split() or [""]
