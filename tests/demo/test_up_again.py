"""`billing up` stopped, killed, started again and started over: the data stays as long as nobody asks otherwise."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live import HEALED_WITHIN_S, Live, settled
from tests.loopback import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.restarts, pytest.mark.timeout(240)]
# A worker that has made a call waits up to 16 s for a database that is away, to write down what came of it.
ENDED_WITHIN_S = 30


@pytest.fixture(scope="module")
def again() -> Iterator[Live]:
    """Return a system that tests may stop, kill and start again; each leaves it running."""
    system = Live.in_new_folder("--no-demo-data").start()
    yield system
    system.remove()


def leftovers(system: Live) -> list[str]:
    """Return the command lines that mention the system's folder, the supervisor's children included."""
    return [line for line in map(_command_line, Path("/proc").glob("[0-9]*")) if str(system.data) in line]


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def lives(pid: int) -> bool:
    """Return whether a process runs; one that ended and waits for somebody to ask how does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_restart_keeps_the_data_and_starting_over_does_not(again: Live) -> None:
    number = settled(again)
    simulators = again.endpoints["simulators"]
    assert again.stop() == 0
    assert not again.endpoints_file.exists()
    assert leftovers(again) == []
    again.start()
    assert again.endpoints["simulators"] == simulators
    assert again.received().count(number) == 1
    assert settled(again) == str(int(number) + 1)
    again.stop(signal.SIGTERM)
    again.start("--fresh")
    assert settled(again) == "150005"


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_recovers(again: Live) -> None:
    number, link = again.invoice()
    again.pay(link)
    pids = again.pids()
    assert again.process
    again.process.kill()
    again.process.wait()
    began = time.monotonic()
    while left := [name for name, pid in pids.items() if lives(pid)]:
        assert time.monotonic() - began < ENDED_WITHIN_S, left
        time.sleep(0.05)
    again.start()
    # The simulated gateway was killed too, perhaps before it had called; a real one calls until it is answered.
    LOOPBACK.post(f"{again.endpoints['simulators']['everypay']}/_sim/callback", json={"order_reference": number})
    again.until(lambda: number in again.received(), timeout_s=HEALED_WITHIN_S)
    settled(again)


def test_a_start_right_after_the_supervisor_was_killed_recovers(again: Live) -> None:
    number, link = again.invoice()
    assert again.process
    again.process.kill()
    again.process.wait()
    again.start()
    again.pay(link)
    again.until(lambda: number in again.received(), timeout_s=HEALED_WITHIN_S)
