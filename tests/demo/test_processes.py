"""What the supervisor promises: restart, order, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.demo.child import Command
from app.demo.processes import Member, NotStarted, ProcessGroup

if TYPE_CHECKING:
    from collections.abc import Callable

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"


class Console:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.said.append((name, line))


@pytest.fixture
def console() -> Console:
    return Console()


def python(code: str, name: str = "one", stage: int = 0, stop_s: float = 5.0) -> Member:
    return Member(name, Command([sys.executable, "-c", textwrap.dedent(code)]), stage, stop_s)


def turn_until(group: ProcessGroup, condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        group.turn(0.02)


def pid_of(group: ProcessGroup, name: str = "one") -> int:
    process = group.running[name].process
    return process.pid if process else 0


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_process_is_started_again(tmp_path: Path, console: Console) -> None:
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.start(python(SLEEPER))
        turn_until(group, lambda: ("one", "up") in console.said)
        first = pid_of(group)
        os.kill(first, signal.SIGKILL)
        turn_until(group, lambda: pid_of(group) not in {0, first})
        turn_until(group, lambda: console.said.count(("one", "up")) == 2)
    assert ("one", "ended by SIGKILL; starting again in 0.1 s") in console.said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
def test_a_log_on_a_full_disk_stops_nobody(tmp_path: Path, console: Console) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "one.log").symlink_to("/dev/full")
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.start(python(SLEEPER))
        turn_until(group, lambda: ("one", "up") in console.said)
        assert is_alive(pid_of(group))


def test_one_that_only_writes_its_log_dies_with_its_reason_on_the_console(tmp_path: Path, console: Console) -> None:
    code = "print('LOG: one'); print('FATAL: No space left on device'); print('LOG: it is shut down')"
    member = Member("one", Command([sys.executable, "-c", code]), 0, quiet=True)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "one.log").write_text("FATAL: of another day\n")
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.start(member)
        turn_until(group, lambda: len(console.said) > 1)
    assert console.said[1] == ("one", "FATAL: No space left on device")


def test_logs_that_cannot_be_opened_stop_nobody(tmp_path: Path, console: Console) -> None:
    (tmp_path / "logs").touch()
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.start(python(SLEEPER))
        turn_until(group, lambda: ("one", "up") in console.said)


def test_what_a_killed_process_started_is_ended_before_the_next_start(tmp_path: Path, console: Console) -> None:
    parent = f"""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], stdout=subprocess.DEVNULL)
        print(child.pid, flush=True)
        time.sleep(600)
    """
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.start(python(parent))
        turn_until(group, lambda: bool(console.said))
        grandchild = int(console.said[0][1])
        assert is_alive(grandchild)
        os.kill(pid_of(group), signal.SIGKILL)
        turn_until(group, lambda: len([line for _, line in console.said if line.isdigit()]) == 2)
        assert _is_gone(grandchild)


def _is_gone(pid: int) -> bool:
    """An orphan's remains may wait a moment for init to collect them."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.slow
def test_a_process_that_cannot_start_is_given_up_with_its_last_words(tmp_path: Path, console: Console) -> None:
    with ProcessGroup(tmp_path / "logs", console) as group:
        broken = python("raise SystemExit('no such setting')")
        group.start(Member(broken.name, broken.command, 0, is_ready=lambda _pid: False))
        with pytest.raises(NotStarted, match="no such setting"):
            group.wait_ready(["one"], timeout_s=30)


def test_members_stop_in_the_order_of_their_stages(tmp_path: Path, console: Console) -> None:
    polite = """
        import os, signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(os.write(1, b"bye\\n") - 4))
        print("up", flush=True)
        time.sleep(600)
    """
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.start(python(polite, "last", 3), python(polite, "first", 1), python(polite, "middle", 2))
        turn_until(group, lambda: len(console.said) == 3)
    assert [name for name, line in console.said if line == "bye"] == ["first", "middle", "last"]


def test_a_process_that_does_not_stop_is_ended_by_force(tmp_path: Path, console: Console) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.start(python(deaf, stop_s=0.2))
        turn_until(group, lambda: bool(console.said))
        pid = pid_of(group)
    assert not is_alive(pid)
    assert ("one", "does not stop; ended by force") in console.said


def test_everything_said_is_in_the_log_as_well(tmp_path: Path, console: Console) -> None:
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.start(python("print('whole line'); print('no newline', end='')"))
        turn_until(group, lambda: any("starting again" in line for _, line in console.said))
    assert (tmp_path / "logs" / "one.log").read_text().startswith("whole line\nno newline\n")


def test_a_command_that_fails_says_why(tmp_path: Path, console: Console) -> None:
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.begin("migrate", python("raise SystemExit('table is locked')").command)
        with pytest.raises(NotStarted, match="table is locked"):
            group.finish("migrate")


def test_a_command_that_fails_says_nothing_of_an_earlier_run(tmp_path: Path, console: Console) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "migrate.log").write_text("a fault of yesterday\n")
    with ProcessGroup(tmp_path / "logs", console) as group:
        group.begin("migrate", python("raise SystemExit('table is locked')").command)
        with pytest.raises(NotStarted) as caught:
            group.finish("migrate")
    assert str(caught.value).splitlines()[1:] == ["  table is locked"]


def test_a_child_dies_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(f"""
                import pathlib, sys
                from app.demo.child import Command
                from app.demo.processes import Member, ProcessGroup
                with ProcessGroup(pathlib.Path({str(tmp_path)!r}), lambda *_: None) as group:
                    group.start(Member("one", Command([sys.executable, "-c", {SLEEPER!r}]), 0))
                    print(group.running["one"].process.pid, flush=True)
                    group.run()
            """),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert supervisor.stdout
    with supervisor.stdout as said:
        child = int(said.readline())
    assert is_alive(child)
    supervisor.kill()
    supervisor.wait()
    deadline = time.monotonic() + 5
    while not _is_gone(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)
