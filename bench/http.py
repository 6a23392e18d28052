"""Creating invoices and taking in callbacks over HTTP, beside the usual stack on gunicorn sync, in interleaved rounds.

    .venv/bin/python -m bench.http

Both sides are durable (fsync on) and have two processes; the load shares the two cores. What was answered is counted
in the database before a rate is printed.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.demo.account import server_account
from app.demo.binaries import postgres_bin, valkey_program
from app.demo.postgres import Postgres
from app.demo.servers import serving, socket_folder
from app.demo.valkey import Valkey
from bench.load import Result, request, run
from tests.system import SECRET, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAITING = """
insert into payment (tenant_id, public_token, initiator_id, method, gateway, account, status, amount_minor, currency,
                     merchant_ref, external_id)
select 1, 'bench-' || number, (select id from initiator where code = 'registry'), 'hosted', 'everypay', 'EUR3D1',
       'pending', 12000, 'EUR', 'bench-' || number, lpad(to_hex(number), 64, '0')
  from generate_series(1, :how_many) number
"""
MANY = 200_000  # payments: more than any round can call back about
ROUNDS, SECONDS, CONNECTIONS = 5, 4.0, 16
LONGEST_START_S = 120.0
ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def durable_servers() -> Iterator[dict[str, str]]:
    """Run PostgreSQL as production would, fsync and all, and Valkey; yields the environment that leads to them."""
    account = server_account()
    home = Path(tempfile.mkdtemp(prefix="eis-bench-", dir="/var/tmp"))
    home.chmod(0o711)
    sockets = socket_folder()
    try:
        with ExitStack() as stack:
            options = {"max_connections": "100", "shared_buffers": "512MB"}
            postgres = Postgres(postgres_bin(account), home / "postgres", sockets, account, options)
            stack.enter_context(serving(postgres, home / "postgres.log"))
            store = Valkey(valkey_program(account), home / "valkey", sockets, account)
            stack.enter_context(serving(store, home / "valkey.log"))
            postgres.ensure("billing", "billing")
            yield os.environ | environment(postgres.url("billing", "billing"), store.url()) | {"LOG_LEVEL": "WARNING"}
    finally:
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(sockets, ignore_errors=True)


@contextmanager
def server(command: list[str], env: dict[str, str], port: int) -> Iterator[None]:
    """Run a server until the block ends; returns when its port answers."""
    process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        time.sleep(1.0)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int) -> None:
    """Return when the port answers. Raises TimeoutError: a rate of what is not there is none."""
    ends = time.monotonic() + LONGEST_START_S
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_payments(how_many: int) -> None:
    """Make payments that wait for news, one for each reference the callbacks will name."""
    from bench.usual_stack import engine  # noqa: PLC0415 - reads the environment when it loads

    with engine.begin() as connection:
        connection.execute(text(WAITING), {"how_many": how_many})
        connection.execute(text("analyze payment"))


class Requests:
    """Makes requests with numbers and references that were never used."""

    def __init__(self) -> None:
        from app.integrations import sign_token  # noqa: PLC0415

        self.number = 500_000
        self.heard = 0
        self.auth = f"Authorization: Bearer {sign_token({'initiator': 'registry'}, SECRET)}\r\n"

    def body(self) -> bytes:
        """Return the body of a new invoice, as the registry sends it."""
        self.number += 1
        said = {
            "transaction_amount": "120.0",
            "order_reference": self.number,
            "customer_name": "ACME",
            "customer_email": "a@b.ee",
            "custom_field1": "free text",
            "custom_field2": "registry",
            "invoice_number": self.number,
            "reference_number": "2144032",
            "reserved_domain_names": None,
        }
        return json.dumps(said).encode()

    def ours(self) -> bytes:
        """Return a request to register an invoice here."""
        return request("POST", "/api/v1/invoice_generator/invoice_generator", self.body(), self.auth)

    def theirs(self) -> bytes:
        """Return a request to the usual stack."""
        return request("POST", "/invoices", self.body())

    def callback_here(self) -> bytes:
        """Return the first callback about a payment that waits for one."""
        self.heard += 1
        where = "/api/v1/callback_handler/callback"
        return request("GET", f"{where}?payment_reference={self.heard:064x}&event_name=status_updated")

    def callback_there(self) -> bytes:
        """Return the same to the usual stack."""
        return request("GET", f"/callback?payment_reference={secrets.token_hex(32)}&event_name=status_updated")


def main() -> None:
    """Measure and print."""
    with durable_servers() as env:
        subprocess.run([sys.executable, "-m", "app.cli", "migrate"], env=env, cwd=ROOT, check=True, capture_output=True)
        os.environ.update(env)
        from bench import usual_stack  # noqa: PLC0415 - reads the environment when it loads

        usual_stack.make_tables()
        make_payments(MANY)
        here, there = free_port(), free_port()
        ours = [sys.executable, "-m", "app.cli", "web", "--port", str(here), "--workers", "2", "--threads", "8"]
        theirs = [
            sys.executable,
            "-m",
            "gunicorn",
            "-w",
            "2",
            "-b",
            f"127.0.0.1:{there}",
            "bench.usual_stack:application",
        ]
        with server(ours, env, here), server([*theirs, "--log-level", "error"], env, there):
            made = Requests()
            for what in (
                Comparison("create an invoice", made.ours, made.theirs, ("invoice", "plain_invoice"), 201),
                Comparison("take in a callback", made.callback_here, made.callback_there, ("inbox", ""), 200),
            ):
                what.measure(here, there)


@dataclass(frozen=True)
class Comparison:
    """One kind of request here and there, the tables whose rows prove the answers, and the status that counts."""

    name: str
    ours: Callable[[], bytes]
    theirs: Callable[[], bytes]
    tables: tuple[str, str]
    good: int

    def measure(self, here: int, there: int) -> None:
        """Run both in turns, check what was answered, print the medians and their ratio."""
        for port, make in ((here, self.ours), (there, self.theirs)):
            run(port, CONNECTIONS, 1.0, make)
        self._analyze()
        before = [self._count(table) for table in self.tables]
        mine, other = [], []
        for _ in range(ROUNDS):
            mine.append(run(here, CONNECTIONS, SECONDS, self.ours))
            other.append(run(there, CONNECTIONS, SECONDS, self.theirs))
        for results, table, base in zip((mine, other), self.tables, before, strict=True):
            answered = sum(each.statuses.get(self.good, 0) for each in results)
            assert answered == sum(len(each.latencies) for each in results), [each.statuses for each in results]
            assert not table or self._count(table) - base == answered, (table, answered)
        ratio = statistics.median(each.rate for each in mine) / statistics.median(each.rate for each in other)
        print(f"{self.name}: {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:g} s each")
        print(f"  here, granian 2x8 : {_median(mine)}")
        print(f"  usual, gunicorn 2 : {_median(other)}")
        print(f"  ratio             : {ratio:.2f}", flush=True)

    def _analyze(self) -> None:
        """Do what autovacuum does within a minute of any real life: without it plans are those of empty tables."""
        from bench.usual_stack import engine  # noqa: PLC0415 - reads the environment when it loads

        with engine.begin() as connection:
            connection.execute(text("analyze"))

    def _count(self, table: str) -> int:
        from bench.usual_stack import count  # noqa: PLC0415 - reads the environment when it loads

        return count(table) if table else 0


def _median(results: list[Result]) -> Result:
    return sorted(results, key=lambda each: each.rate)[len(results) // 2]


if __name__ == "__main__":
    main()
