"""What `billing up` says is worth nothing if it cannot be said: no console stops it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAYS = """
import sys
from app.demo.up import say, tell
sys.stdin.readline()
say("web", "one")
tell("two")
print("goes on", file=sys.stderr)
"""


def goes_on(stdout: int, close: int | None = None) -> bool:
    """Return whether a process goes on after it said something there; `close` is the other end, closed before that."""
    process = subprocess.Popen(
        [sys.executable, "-c", SAYS], stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE, text=True
    )
    os.close(stdout)
    if close is not None:
        os.close(close)
    _, said = process.communicate("\n", timeout=30)
    return (process.returncode, said) == (0, "goes on\n")


def test_a_terminal_that_was_closed_stops_nothing() -> None:
    master, slave = os.openpty()
    assert goes_on(slave, close=master)


def test_a_reader_that_went_away_stops_nothing() -> None:
    reader, writer = os.pipe()
    assert goes_on(writer, close=reader)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
def test_a_full_disk_stops_nothing() -> None:
    assert goes_on(os.open("/dev/full", os.O_WRONLY))
