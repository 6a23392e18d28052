"""A worker whose Redis is gone takes its work straight from PostgreSQL (reliability.md 3.7, 3.15)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.chaos.installation import ROOT
from tests.system import build, environment

if TYPE_CHECKING:
    from tests.system import System

NOWHERE = "redis://127.0.0.1:1/0"
PATIENCE_S = 80


@pytest.mark.restarts
def test_work_goes_on_without_redis_and_the_worker_stops_when_asked(fresh_database: str, redis_url: str) -> None:
    system: System = build(fresh_database, redis_url)
    system.invoice()
    worker = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "worker", "background"],
        cwd=ROOT,
        env=os.environ | environment(fresh_database, NOWHERE),
    )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and not system.scalar("select count(*) from invoice_search"):
            time.sleep(0.5)
        assert system.scalar("select count(*) from invoice_search") == 1
        assert system.scalar("select count(*) from outbox where state = 'done'") == 1
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(15) == 0
        system.close()
