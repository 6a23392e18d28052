"""The two embedded servers together, for as long as a block lasts: what the tests and the benchmarks run on."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.demo.account import give, server_account
from app.demo.binaries import postgres_bin, valkey_program
from app.demo.child import spawn, stop
from app.demo.postgres import Postgres
from app.demo.processes import NotStarted
from app.demo.valkey import Valkey

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
SOCKETS = "eis-"
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def socket_folder() -> Path:
    """Return a fresh folder for sockets; short, because a socket's path ends at about 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix=SOCKETS, dir="/tmp"))
    give(folder, server_account())
    return folder


@contextmanager
def serving(server: Postgres | Valkey, log: Path) -> Iterator[None]:
    """Run the server until the block ends.

    Raises NotStarted with the end of its log when it does not become ready.
    """
    server.prepare()
    with log.open("ab") as output:
        process = spawn(server.command(), output)
    try:
        wait_ready(server, process, log)
        yield
    finally:
        stop(process, server.command().stop_signal, STOP_TIMEOUT_S)


def wait_ready(server: Postgres | Valkey, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server accepts connections. Raises NotStarted with the end of its log otherwise."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.is_ready(process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotStarted(f"{process.args!r} is not ready:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.01)


@contextmanager
def throwaway_servers(folder: str = "/tmp") -> Iterator[tuple[Postgres, Valkey]]:  # noqa: S108 - of our own making
    """Run both servers on throwaway data below the folder, without waiting for the disk, until the block ends."""
    account = server_account()
    postgres_programs, valkey = postgres_bin(account), valkey_program(account)
    home = Path(tempfile.mkdtemp(prefix="eis-servers-", dir=folder))
    home.chmod(0o711)
    sockets = socket_folder()
    try:
        with ExitStack() as stack:
            postgres = Postgres(postgres_programs, home / "postgres", sockets, account, THROWAWAY)
            stack.enter_context(serving(postgres, home / "postgres.log"))
            store = Valkey(valkey, home / "valkey", sockets, account, durable=False)
            stack.enter_context(serving(store, home / "valkey.log"))
            yield postgres, store
    finally:
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(sockets, ignore_errors=True)
