"""`billing up` as a person uses it: what is printed, what is typed beside it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.live import HEALED_WITHIN_S, Live, settled
from tests.loopback import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]
EVERYTHING = {
    "web",
    "worker money",
    "worker notify",
    "worker background",
    "relay",
    "simulators",
    "postgres",
    "valkey-server",
}


@pytest.fixture(scope="module")
def up() -> Iterator[Live]:
    system = Live.in_new_folder().start()
    yield system
    system.remove()


def test_everything_runs_and_a_payment_goes_all_the_way_through(up: Live) -> None:
    assert set(up.pids()) == EVERYTHING
    number = settled(up)
    assert up.received().count(number) == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_the_three_lines_that_are_printed_take_a_payment(up: Live) -> None:
    up.until(lambda: is_ready(up))
    console = up.console.read_text()
    lines = re.findall(r"^T=.*?^curl[^\n]*$", console, re.MULTILINE | re.DOTALL)[-1]
    before = len(up.received())
    done = subprocess.run(["sh", "-ec", lines], check=True, capture_output=True, text=True, timeout=30)
    assert json.loads(done.stdout)["payment_state"] == "settled"
    up.until(lambda: len(up.received()) == before + 1, timeout_s=HEALED_WITHIN_S)


def beside(system: Live, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Type a command beside the running system."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=150,
        env={name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        | {"BILLING_DATA": str(system.data)},
    )


def test_commands_typed_beside_the_system_are_about_it(up: Live) -> None:
    assert "EE60001019906" in beside(up, "white-code", "list").stdout
    examined = beside(up, "doctor").stdout.splitlines()
    assert "ok     tables" in "".join(line for line in examined if "tables" in line)
    assert not [line for line in examined if line.startswith("FAULT") and "pango" not in line and "fonts" not in line]
    verified = beside(up, "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "2 of 2 invoices after" in beside(up, "seed", "--invoices", "2", "--seed", "7").stdout


def test_an_issued_key_opens_the_api(up: Live) -> None:
    issued = dict(line.split(": ", 1) for line in beside(up, "issue-key", "auction").stdout.splitlines())
    answer = LOOPBACK.post(
        f"{up.web}/api/v1/invoice_generator/invoice_number_generator",
        headers={"Authorization": f"Bearer {issued['token'].strip()}"},
        timeout=30,
    )
    assert answer.status_code == 201


def test_a_second_start_on_the_same_folder_is_refused(up: Live) -> None:
    command = [sys.executable, "-m", "app.cli", "up", "--port", "0", "--data", str(up.data)]
    second = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert "is in use by another" in second.stderr
    assert is_ready(up)


def is_ready(system: Live) -> bool:
    try:
        health = LOOPBACK.get(f"{system.web}/health/ready").json()
        return bool(
            health["status"] == "ready" and LOOPBACK.get(f"{system.endpoints['simulators']['everypay']}/").is_success
        )
    except httpx.TransportError:
        return False
