"""A real installation for tests that break it: `billing up` in a folder of its own, its processes by name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.loopback import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
START_S = 90
# What stands in the command line of each process.
MARKS = {
    "web": "cli web",
    "money": "worker money",
    "notify": "worker notify",
    "background": "worker background",
    "relay": "cli relay",
    "valkey": "valkey-server",
    "postgres": "postgres -D",
}


@dataclass(frozen=True)
class Installation:
    """A running `billing up`."""

    supervisor: subprocess.Popen[bytes]
    endpoints: dict[str, Any]
    log: Path

    @property
    def web(self) -> str:
        """Return the portal's address."""
        return str(self.endpoints["web"])

    def simulator(self, name: str) -> str:
        """Return a simulator's address."""
        return str(self.endpoints["simulators"][name])

    def pid(self, name: str) -> int | None:
        """Return the process id of a member of the group, or None while it is being started again."""
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and _parent(process) == self.supervisor.pid and _matches(process, name):
                return int(process.name)
        return None

    def kill(self, name: str) -> bool:
        """End a member without a word; returns whether there was one."""
        pid = self.pid(name)
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def children(self, name: str) -> list[int]:
        """Return the process ids a member has started itself."""
        parent = self.pid(name)
        return [int(each.name) for each in Path("/proc").glob("[0-9]*") if parent and _parent(each) == parent]

    def environment(self) -> dict[str, str]:
        """Return what the workers know: where the database is, and the secrets."""
        while True:
            for name in ("money", "notify", "relay"):
                pid = self.pid(name)
                with suppress(OSError):
                    raw = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                    found = dict(each.decode().split("=", 1) for each in raw if b"=" in each)
                    if "DATABASE_URL" in found:
                        return found
            time.sleep(0.1)

    def billing(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `billing` command against this installation."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@contextmanager
def installation(folder: Path, **settings: str) -> Iterator[Installation]:
    """Run an installation until the block ends; it is stopped in order."""
    log = folder / "up.log"
    data = folder / "data"
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "up", "--port", "0", "--data", str(data), "--no-demo-data"],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Installation(supervisor, _wait(supervisor, data / "endpoints.json", log), log)
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(60)


def _wait(supervisor: subprocess.Popen[bytes], file: Path, log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if supervisor.poll() is not None:
            break
        if file.exists():
            endpoints: dict[str, Any] = json.loads(file.read_text())
            if _answers(endpoints["web"]):
                return endpoints
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-4000:])


def _answers(web: str) -> bool:
    try:
        return LOOPBACK.get(f"{web}/health/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _matches(process: Path, name: str) -> bool:
    try:
        line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return False
    mark = MARKS[name]
    return mark in line or mark.replace("cli ", "billing ") in line
