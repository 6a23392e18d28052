"""Every page, list, filter and order at a million invoices: how long the server takes.

    .venv/bin/python -m bench.pages [--invoices 1000000] [--runs 30] [--only audit] [--here]

Pages are asked of the whole application, in process, by somebody who is signed in: routing, guards, queries, template.
Each kind of page is asked for with ever other values, taken from what was seeded. With `--here` the database that
DATABASE_URL names is measured as it is, and its session for one person more is left there.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from flask import url_for
from sqlalchemy import event, text

from app.demo import seed
from app.extensions import db
from app.integrations.tara.simulator import TaraConfig, create_simulator
from app.services import white_list
from app.services.people import AlreadyListed
from app.web.navigation import SECTIONS
from bench import api_addresses, page_addresses
from bench.http import ROOT, durable_servers
from bench.search import Times
from tests.api.client import bearer
from tests.system import build
from tests.web.browser import Portal
from tests.web.conftest import PERSONA
from tests.web.conftest import _mount as mount
from tests.web.conftest import _running as running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.page_addresses import Address
    from tests.web.browser import Browser

AIM_MS = 60
CALLBACK = "/auth/tara/callback"
FOUND = {200, 303, 404}  # some pages lead on, and what a status excludes is not there


@dataclass
class Kind:
    """One kind of page: its times, and the slowest address."""

    name: str
    times: Times = field(default_factory=Times)
    asked_ms: Times = field(default_factory=Times)
    worked_ms: Times = field(default_factory=Times)
    slowest: tuple[float, str] = (0.0, "")
    refused: list[str] = field(default_factory=list)

    def say(self) -> None:
        """Print what was measured."""
        late = "  <<<" if self.times.quantile(0.95) > AIM_MS else ""
        worked = f"processor p50 {self.worked_ms.quantile(0.5):6.1f} p95 {self.worked_ms.quantile(0.95):6.1f}"
        late += "<<<" if self.worked_ms.quantile(0.95) > AIM_MS else ""
        print(
            f"  {self.name:50} {self.times}  database p95 {self.asked_ms.quantile(0.95):6.1f}  {worked}{late}",
            flush=True,
        )
        if late:
            print(f"      {self.slowest[0]:.0f} ms: {self.slowest[1]}", flush=True)
        if self.refused:
            print(f"      {len(self.refused)} refused: {self.refused[0]}", flush=True)


class Database:
    """How long the database has been asked for in this process, and what it worked for that.

    On a machine that others use, too, the processor time says what a quiet one would take.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.ms = self.worked_ms = 0.0
        self._began = self._had_worked = 0.0

    def listen(self) -> None:
        """Count every statement from now on."""
        event.listen(db.engine, "before_cursor_execute", self._begin)
        event.listen(db.engine, "after_cursor_execute", self._end)

    def _begin(self, connection: Any, *_said: object) -> None:
        self._had_worked = _worked_ms(connection)
        self._began = time.perf_counter()

    def _end(self, connection: Any, *_said: object) -> None:
        self.ms += (time.perf_counter() - self._began) * 1000
        self.worked_ms += _worked_ms(connection) - self._had_worked


def _worked_ms(connection: Any) -> float:
    """Return the processor time of the server process of a connection, in milliseconds; 0 where that is not told."""
    pid = connection.connection.dbapi_connection.info.backend_pid
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    except OSError:
        return 0.0


@dataclass
class Walk:
    """Somebody who is signed in and looks at every page."""

    browser: Browser
    database: Database
    dice: Random
    runs: int

    def measure(self, name: str, address: Address) -> Kind:
        """Ask for one kind of page so often, after once for nothing."""
        kind = Kind(name)
        headers = {"Authorization": bearer("registry")} if name.startswith("API") else {}
        self.browser.client.get(address(self.dice), headers=headers)
        for _ in range(self.runs):
            path = address(self.dice)
            self.database.ms = self.database.worked_ms = 0.0
            began, worked = time.perf_counter(), time.process_time()
            answer = self.browser.client.get(path, headers=headers)
            took = (time.perf_counter() - began) * 1000
            kind.times.ms.append(took)
            kind.worked_ms.ms.append((time.process_time() - worked) * 1000 + self.database.worked_ms)
            kind.asked_ms.ms.append(self.database.ms)
            kind.slowest = max(kind.slowest, (took, path))
            if answer.status_code not in FOUND:
                kind.refused.append(f"{answer.status_code} {path}")
        kind.say()
        return kind


def main() -> None:
    """Seed, or take what is there, and measure."""
    asked = _arguments()
    with ExitStack() as stack:
        if asked.here:
            env: dict[str, str] = dict(os.environ)
        else:
            env = stack.enter_context(durable_servers())
            command = [sys.executable, "-m", "app.cli", "migrate"]
            subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True)
            os.environ.update(env)
        portal = stack.enter_context((here if asked.here else running)(env["DATABASE_URL"], env["REDIS_URL"]))
        if not asked.here:
            with portal.system.app.app_context():
                print(seed.fill(asked.invoices, say=lambda _line: None), flush=True)
        measure(portal, asked)


@contextmanager
def here(database_url: str, redis_url: str) -> Iterator[Portal]:
    """Run the portal on a database in which the person may be listed already."""
    tara = create_simulator(TaraConfig(issuer="http://tara.test", redirect_uri=f"http://localhost{CALLBACK}"))
    portal = Portal(build(database_url, redis_url, process="web"), tara)
    mount(portal)
    with portal.system.app.app_context(), suppress(AlreadyListed):
        white_list.add(PERSONA, name="Mary")
    yield portal


def measure(portal: Portal, asked: argparse.Namespace) -> None:
    """Ask for every kind of page and print how long it took."""
    browser = portal.browser()
    assert browser.sign_in(PERSONA).status_code == 303
    dice = Random(asked.seed)
    database = Database()
    with portal.system.app.app_context():
        kinds = list(_kinds(portal, dice))
        rows = db.session().scalar(text("select count(*) from invoice"))
        database.listen()
        db.session.remove()
    wanted = [(name, address) for name, address in kinds if not asked.only or asked.only in name]
    # As a web process does when it has started; else a request now and then waits for all of this to be looked at.
    gc.collect()
    gc.freeze()
    print(f"{rows} invoices, {len(wanted)} kinds of pages, {asked.runs} runs each; load {os.getloadavg()}", flush=True)
    walk = Walk(browser, database, dice, asked.runs)
    _tell([walk.measure(name, address) for name, address in wanted])


def _kinds(portal: Portal, dice: Random) -> Iterator[tuple[str, Address]]:
    facts = page_addresses.Facts(dice)
    with portal.system.app.test_request_context():
        places = [url_for(page.endpoint) for section in SECTIONS for page in section.pages]
    for path in places:
        yield f"page {path}", page_addresses.always(path)
    yield from page_addresses.other_lists(facts)
    yield from page_addresses.details(facts)
    yield from api_addresses.api_lists(facts)
    yield from page_addresses.invoice_lists(facts)


def _tell(measured: list[Kind]) -> None:
    everything = Times([each for kind in measured for each in kind.times.ms])
    late = [kind for kind in measured if kind.times.quantile(0.95) > AIM_MS]
    worked = Times([each for kind in measured for each in kind.worked_ms.ms])
    busy = [kind for kind in measured if kind.worked_ms.quantile(0.95) > AIM_MS]
    print(f"\n  {'all of these':50} {everything}")
    print(f"  {'processor time of all of these':50} {worked}")
    print(f"  processor time p95 above {AIM_MS} ms: {len(busy)} of {len(measured)} kinds")
    print(f"  p95 above {AIM_MS} ms: {len(late)} of {len(measured)} kinds")
    for kind in sorted(measured, key=lambda each: -each.worked_ms.quantile(0.95))[:10]:
        p95 = f"p95 {kind.times.quantile(0.95):7.1f} ms, processor {kind.worked_ms.quantile(0.95):7.1f} ms"
        print(f"  {kind.name:50} {p95}  {kind.slowest[1]}")
    print(f"  load {os.getloadavg()}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=1_000_000, help="how many invoices to seed")
    parser.add_argument("--here", action="store_true", help="measure the database of DATABASE_URL")
    parser.add_argument("--runs", type=int, default=30, help="how often each kind of page is asked for")
    parser.add_argument("--only", default="", help="a part of the names of the pages to measure")
    parser.add_argument("--seed", type=int, default=1, help="what the values are chosen by")
    return parser.parse_args()


if __name__ == "__main__":
    main()
