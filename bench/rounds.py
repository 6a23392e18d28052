"""What benchmarks of services share: the real application on durable servers, and two sides measured in turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from bench.http import ROOT, durable_servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Room for more invoices than any run makes; the ranges of a new installation hold a few thousand.
ROOMY = """
update number_range set active = false where kind = 'invoice';
insert into number_range (tenant_id, kind, first_number, last_number, next_number, active)
values (1, 'invoice', 1000000000, 1999999999, 1000000000, true);
"""


@contextmanager
def installation() -> Iterator[psycopg.Connection[Any]]:
    """Run the application's context on a new durable database; yields a bare connection beside it."""
    with durable_servers() as env:
        subprocess.run([sys.executable, "-m", "app.cli", "migrate"], env=env, cwd=ROOT, check=True, capture_output=True)
        os.environ.update(env)
        from app.config import load_settings  # noqa: PLC0415 - after the environment is set
        from app.factory import create_app  # noqa: PLC0415

        url = env["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://", 1)
        with create_app(load_settings(), process="worker").app_context(), psycopg.connect(url) as bare:
            bare.execute(ROOMY)
            bare.commit()
            yield bare


def rates(sides: Mapping[str, Callable[[int], None]], *, rounds: int, each: int, bare: Any) -> dict[str, list[float]]:
    """Return the rates a second of each side, one of each round, in turns; every `each` units of work count on.

    One round warms everything up, and the planner looks at the tables as autovacuum would within a minute.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    done = 0
    for turn in range(rounds + 1):
        for name, work in sides.items():
            began = time.perf_counter()
            for nth in range(done, done + each):
                work(nth)
            seconds = time.perf_counter() - began
            done += each
            if turn:
                found[name].append(each / seconds)
        if not turn:
            bare.execute("analyze")
            bare.commit()
    return found


def told(found: Mapping[str, list[float]], what: str) -> None:
    """Print the medians, and the ratio of the first side to each other."""
    medians = {name: statistics.median(each) for name, each in found.items()}
    ours = next(iter(medians.values()))
    for name, rate in medians.items():
        beside = "" if rate == ours else f"  ratio {ours / rate:.2f}"
        print(f"  {name:<34}: {rate:8.0f} {what} /s{beside}", flush=True)
