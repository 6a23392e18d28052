"""A whole system as `billing up` starts it: real processes, real sockets, a data folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.demo import binaries, datafolder
from tests.loopback import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

HEALED_WITHIN_S = 90.0  # what was lost in Redis or in a dead process is offered again after 30 s, leases end after 60
START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 60.0
V1 = "/api/v1"


@dataclass
class Live:
    """One running `billing up`; `data` is kept between runs."""

    data: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def in_new_folder(cls, *options: str) -> Live:
        """Return a system that is not started yet, in a folder whose servers' account can reach it."""
        data = Path(tempfile.mkdtemp(prefix="eis-live-", dir="/tmp"))
        data.chmod(0o711)
        return cls(data, options)

    def start(self, *options: str) -> Live:
        """Start it and return once everything answers."""
        before = self._written_at()
        with self.console.open("ab") as console:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "app.cli",
                    "up",
                    "--port",
                    "0",
                    "--data",
                    str(self.data),
                    *self.options,
                    *options,
                ],
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
            )
        self.until(lambda: self._written_at() not in {0, before} or self.process_ended(), timeout_s=START_TIMEOUT_S)
        assert not self.process_ended(), self.console.read_text()
        return self

    def _written_at(self) -> int:
        return self.endpoints_file.stat().st_mtime_ns if self.endpoints_file.exists() else 0

    def process_ended(self) -> bool:
        """Return whether the supervisor is gone."""
        return self.process is None or self.process.poll() is not None

    @property
    def console(self) -> Path:
        """Return the file with everything said on the console, of all runs."""
        return self.data.with_name(f"{self.data.name}.console")

    @property
    def endpoints_file(self) -> Path:
        """Return where the addresses are written."""
        return self.data / "endpoints.json"

    @property
    def endpoints(self) -> dict[str, Any]:
        """Return the addresses and tokens."""
        found: dict[str, Any] = json.loads(self.endpoints_file.read_text())
        return found

    @property
    def web(self) -> str:
        """Return the address of the portal and the API."""
        return str(self.endpoints["web"])

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Stop it and return its exit code."""
        assert self.process
        self.process.send_signal(how)
        return self.process.wait(STOP_TIMEOUT_S)

    def remove(self) -> None:
        """Stop it if it runs, and delete what it kept."""
        if not self.process_ended():
            self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        self.console.unlink(missing_ok=True)
        for copy in binaries.COPIES.glob(f"data-{datafolder.place_name(self.data)}"):
            shutil.rmtree(copy, ignore_errors=True)

    def pids(self) -> dict[str, int]:
        """Return the running processes by name."""
        found: dict[str, int] = {}
        children = [path for path in Path("/proc").glob("[0-9]*") if self.process and _parent(path) == self.process.pid]
        for path in children:
            words = _words(path)
            name = Path(words[0].partition(" ")[0]).name  # Valkey writes its address behind its name
            if not words[0]:
                continue  # ended just now
            found[" ".join(words[3:]).split(" --")[0].strip() if name.startswith("python") else name] = int(path.name)
        return found

    def call(self, path: str, body: Any = None, *, as_: str = "registry", method: str = "POST") -> httpx.Response:
        """Call the API as a service."""
        token = self.endpoints["initiators"][as_]["token"]
        return LOOPBACK.request(
            method, f"{self.web}{V1}{path}", json=body, headers={"Authorization": f"Bearer {token}"}
        )

    def invoice(self, amount: str = "120.00", *, as_: str = "registry") -> tuple[str, str]:
        """Register an invoice and return its number and its link."""
        number = str(self.call("/invoice_generator/invoice_number_generator", as_=as_).json()["invoice_number"])
        body = {"invoice_number": number, "transaction_amount": amount, "custom_field2": as_}
        answer = self.call("/invoice_generator/invoice_generator", body, as_=as_)
        assert answer.status_code == 201, answer.text
        return number, answer.json()["everypay_link"]

    def pay(self, link: str, **more: Any) -> None:
        """Let a payer open the link and pay."""
        answer = LOOPBACK.post(f"{self.endpoints['simulators']['everypay']}/_sim/pay", json={"link": link, **more})
        assert answer.status_code == 200, answer.text

    def received(self, service: str = "registry") -> list[str]:
        """Return the order references a service was told about, each as often as it was told."""
        told = LOOPBACK.get(f"{self.endpoints['simulators'][service]}/_sim/received?what=payment_status").json()
        return [json.loads(each["body"])["order_reference"] for each in told]

    def until(self, condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
        """Wait until the condition holds."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"it did not happen:\n{self.console.read_text()[-4000:]}"
            time.sleep(0.05)


def _words(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return [""]


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def settled(system: Live) -> str:
    """Take a payment and return its invoice's number once the service knows."""
    number, link = system.invoice()
    system.pay(link)
    system.until(lambda: number in system.received(), timeout_s=HEALED_WITHIN_S)
    return number
