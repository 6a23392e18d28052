"""The folder where `billing up` keeps everything: whose it is, what is secret, who uses it now."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.demo import binaries
from app.demo.account import can_enter
from app.demo.servers import SOCKETS, socket_folder
from app.domain.errors import BillingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.demo.account import Account

LOCK = "billing.lock"
SECRETS = "secrets.json"
OURS = [
    "postgres",
    "valkey",
    "logs",
    "simulators",
    SECRETS,
    "ports.json",
    "endpoints.json",
    "prepared.json",
    "running.json",
]
PORT_PATIENCE_S = 5.0  # how long the port of a run that was killed may still be taken


class Unusable(BillingError):
    """The data folder cannot be used."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The data folder, locked by us; `servers` holds the servers' data and is elsewhere when they cannot reach it."""

    path: Path
    servers: Path
    account: Account | None

    def read(self, name: str) -> dict[str, Any]:
        """Return a JSON object kept here, empty when there is none that can be read."""
        try:
            found = json.loads((self.path / name).read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Keep a JSON object, readable by us only; a reader sees the old one or the new one, never a half.

        Raises Unusable when it cannot be written.
        """
        half = self.path / f".{name}.half"
        try:
            half.unlink(missing_ok=True)
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(content, file, indent=2)
                file.write("\n")
            half.replace(self.path / name)
        except OSError as fault:
            raise Unusable(f"{self.path / name} cannot be written: {fault.strerror}") from fault

    def forget(self, name: str) -> None:
        """Remove something kept here, if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def secrets(self, names: list[str]) -> dict[str, str]:
        """Return a secret for each name, made once and kept. Raises Unusable when those kept cannot be read."""
        kept = self.read(SECRETS)
        if not kept and (self.path / SECRETS).exists():
            raise Unusable(f"{self.path / SECRETS} cannot be read; bring it back, or start over with --fresh")
        missing = {name: secrets.token_hex(32) for name in names if name not in kept}
        if missing:
            self.write(SECRETS, kept | missing)
        return {name: str(value) for name, value in (kept | missing).items()}

    def ports(self, names: list[str]) -> dict[str, int]:
        """Return a port for each name: the one it had last time where it is still free, else a free one.

        Links to a simulator that were handed out yesterday go on working.
        """
        kept = self.read("ports.json")
        ports: dict[str, int] = {}
        for name in names:
            known = kept.get(name)
            usable = isinstance(known, int) and known not in ports.values() and is_free(known)
            ports[name] = known if usable and isinstance(known, int) else free_port(set(ports.values()))
        self.write("ports.json", kept | ports)
        return ports

    def sockets(self) -> Path:
        """Return a fresh folder for this run's sockets; the one of a killed run is removed."""
        self.forget_sockets()
        folder = socket_folder()
        self.write("sockets.json", {"folder": str(folder)})
        return folder

    def forget_sockets(self) -> None:
        """Remove the folder of the sockets."""
        last = self.read("sockets.json").get("folder", "")
        if Path(last).name.startswith(SOCKETS):
            shutil.rmtree(last, ignore_errors=True)
        self.forget("sockets.json")

    def was_killed(self) -> bool:
        """Return whether the last run ended without removing its endpoints."""
        return (self.path / "endpoints.json").exists()

    def clear(self) -> None:
        """Delete what earlier runs kept; nothing that is not ours."""
        for folder in {self.path, self.servers}:
            for name in OURS:
                _remove(folder / name)
            for half in folder.glob("*.half"):
                _remove(half)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def opened(path: Path, account: Account | None) -> Iterator[DataFolder]:
    """Lock the data folder for as long as the block lasts, making it if there is none.

    Raises Unusable when it is in use, is not ours, or cannot be read or written.
    """
    path = path.absolute()
    try:
        _make(path, account)
        lock = (path / LOCK).open("a+")
    except OSError as fault:
        raise Unusable(f"{path}: {fault.strerror}; choose another with --data") from fault
    with lock:
        _take(lock.fileno(), path)
        yield DataFolder(path, _place_for_servers(path, account), account)


def _make(path: Path, account: Account | None) -> None:
    if not path.exists():
        path.mkdir(parents=True, exist_ok=True)  # another may be starting here just now
        path.chmod(0o711 if account else 0o700)
    elif not (path / LOCK).exists() and any(path.iterdir()):
        raise Unusable(f"{path} holds something else; choose an empty folder with --data")


def _take(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode().strip()
        raise Unusable(f"{path} is in use by another `billing up` (process {holder}); stop it, or use --data") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def _place_for_servers(path: Path, account: Account | None) -> Path:
    """Return where the servers keep their data: here, or under /var/tmp when their account cannot get here."""
    here = path / "postgres"
    owner = here.stat().st_uid if here.exists() else None
    wanted = account.uid if account else os.geteuid()
    if owner not in {None, wanted}:
        raise Unusable(f"{here} belongs to another account (uid {owner}); start as that one, or use --data")
    if account is None or can_enter(account, path):
        return path
    if here.exists():
        raise Unusable(f"{account.name}, who runs the servers, can no longer reach {here}; open the folders above it")
    place = binaries.own_folder(binaries.COPIES) / f"data-{place_name(path)}"
    if not place.exists():
        place.mkdir()
        place.chmod(0o711)
    return place


def place_name(path: Path) -> str:
    """Return the name that stands for a data folder where many are kept side by side."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port of this machine now."""
    return not why_not(port)


def why_not(port: int) -> str:
    """Return why no server of ours could listen on the port now; empty when one could."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except PermissionError:
            return "is reserved for root"
        except OSError:
            return "is taken"
    return ""


def becomes_free(port: int) -> bool:
    """Return whether the port is free now or soon: a killed run's web process needs a moment to leave."""
    deadline = time.monotonic() + PORT_PATIENCE_S
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def free_port(taken: set[int]) -> int:
    """Return a port nothing listens on, other than those already promised."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port
