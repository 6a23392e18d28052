"""An embedded Valkey (or Redis): the command that serves it, and when it is ready."""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.demo.account import give
from app.demo.child import Command

if TYPE_CHECKING:
    from pathlib import Path

    from app.demo.account import Account

PING_TIMEOUT_S = 0.5


@dataclass(frozen=True, slots=True)
class Valkey:
    """One server with its append-only file in `data`, on a socket in `sockets` only."""

    program: Path
    data: Path
    sockets: Path
    account: Account | None
    durable: bool = True

    def prepare(self) -> None:
        """Make the data folder if there is none."""
        if not self.data.exists():
            self.data.mkdir(parents=True)
            give(self.data, self.account)

    @property
    def socket_path(self) -> Path:
        """Return where the server listens."""
        return self.sockets / "valkey.sock"

    def command(self) -> Command:
        """Return how the server is started: nothing evicted, every write in the append-only file."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return Command(
            argv=[str(self.program), *[part for name, value in options.items() for part in (f"--{name}", value)]],
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            account=self.account,
            stop_signal=signal.SIGTERM,
            death_signal=signal.SIGTERM,
            cwd="/",
        )

    def is_ready(self, pid: int) -> bool:  # noqa: ARG002 - every server answers the same question
        """Return whether the server answers PING, which it does once its file is loaded."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(PING_TIMEOUT_S)
                line.connect(str(self.socket_path))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def url(self, database: int = 0) -> str:
        """Return the Redis URL of one of the server's databases."""
        return f"unix://{self.socket_path}?db={database}"
