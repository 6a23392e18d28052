"""The processes of one installation: started in order, restarted when they die, stopped in order."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Self

from app.demo.child import Command, end_group, spawn
from app.domain.errors import BillingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import FrameType

BACK_OFF_S = [0.1, 0.5, 1.0, 2.0, 5.0, 10.0]
STEADY_S = 30.0  # after running this long, earlier deaths are forgotten
GIVE_UP_AFTER = 5  # deaths of a process that was never ready: it cannot start here
LOOK_S = 0.02  # how often readiness is asked for
REMEMBERED_LINES = 20
REASON = re.compile(r"\b(FATAL|PANIC)\b|[Ff]ailed|[Ee]rror|Can't ")
LOG_LIMIT_BYTES = 10_000_000
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class NotStarted(BillingError):
    """A process ended or stayed silent instead of becoming ready."""


class StopAsked(BaseException):
    """Somebody asked us to stop before everything had started."""


@dataclass(frozen=True, slots=True)
class Member:
    """One process of the group.

    `before` clears what a killed predecessor left; `is_ready` answers for a pid. Members of a lower `stop_stage` stop
    first, each within `stop_s`. A `quiet` one writes to its log only.
    """

    name: str
    command: Command
    stop_stage: int
    stop_s: float = 10.0
    before: Callable[[], None] | None = None
    is_ready: Callable[[int], bool] | None = None
    quiet: bool = False


@dataclass(slots=True)
class _Running:
    member: Member
    process: subprocess.Popen[bytes] | None = None
    began_at: float = 0.0
    begin_at: float = 0.0
    log_began_at: int = 0
    deaths: int = 0
    ready: bool = False
    ends: bool = False
    half_line: bytes = b""
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED_LINES))


class ProcessGroup:
    """Starts members, keeps them alive and stops them; single-threaded, so that the parent-death signal is theirs.

    `say` receives (name, line) for everything worth a line on the console.
    """

    def __init__(self, logs: Path, say: Callable[[str, str], None]) -> None:
        with suppress(OSError):
            logs.mkdir(exist_ok=True)
        self.logs = logs
        self.say = say
        self.running: dict[str, _Running] = {}
        self.selector = selectors.DefaultSelector()
        self.signals: list[int] = []
        self.stopping = False

    def __enter__(self) -> Self:
        """Take over the signals."""
        self.woken, self.waker = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self.waker, False)
        self.wakeup_before = signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        self.handlers_before = {each: signal.signal(each, self._on_signal) for each in STOP_SIGNALS}
        self.handlers_before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self.selector.register(self.woken, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop whatever still runs and give the signals back."""
        self.stop()
        signal.set_wakeup_fd(self.wakeup_before)
        for each, handler in self.handlers_before.items():
            signal.signal(each, handler)
        self.selector.close()
        os.close(self.woken)
        os.close(self.waker)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.signals.append(number)

    def start(self, *members: Member) -> None:
        """Start the members without waiting for them."""
        for member in members:
            each = self.running[member.name] = _Running(member)
            self._begin(each)

    def wait_ready(self, names: Iterable[str], timeout_s: float = 60.0) -> None:
        """Return once all named members are ready.

        Raises NotStarted with the last lines of the one that is not, StopAsked when a stop signal came.
        """
        awaited = [self.running[name] for name in names]
        deadline = time.monotonic() + timeout_s
        while waiting := [each for each in awaited if not self._is_ready(each)]:
            for each in waiting:
                if (each.deaths >= GIVE_UP_AFTER and not each.ready) or time.monotonic() > deadline:
                    raise NotStarted(f"{each.member.name} does not start:\n{self._last_lines(each)}")
            self.turn(LOOK_S)
            if self.signals:
                raise StopAsked

    def run(self) -> None:
        """Keep everything alive until a stop signal comes."""
        while not self.signals:
            self.turn(1.0)

    def begin(self, name: str, command: Command) -> None:
        """Start a command that comes to an end of its own, writing to its log only; `finish` waits for it."""
        each = self.running[name] = _Running(Member(name, command, stop_stage=0, quiet=True), ends=True)
        self._begin(each)

    def finish(self, name: str) -> None:
        """Wait for a command to end, keeping the group alive meanwhile.

        Raises NotStarted when it failed, StopAsked when a stop signal came.
        """
        each = self.running[name]
        while each.process and each.process.poll() is None:
            self.turn(LOOK_S)
            if self.signals:
                raise StopAsked
        self._drain(each)
        del self.running[name]
        if each.process and each.process.returncode:
            raise NotStarted(f"{name} failed ({self.log(name)}):\n{self._last_lines(each)}")

    def turn(self, timeout_s: float) -> None:
        """Do what is due now, waiting at most `timeout_s` for something to happen."""
        now = time.monotonic()
        due = [each.begin_at - now for each in self.running.values() if each.process is None]
        for key, _ in self.selector.select(max(0.0, min([timeout_s, *due]))):
            if key.data is None:
                _empty(self.woken)
            else:
                self._read(key.data)
        if not self.stopping:
            for each in self.running.values():
                if not each.ends:
                    self._restart_if_dead(each)

    def _restart_if_dead(self, each: _Running) -> None:
        if each.process is None:
            if time.monotonic() >= each.begin_at:
                self._begin(each)
        elif each.process.poll() is not None:
            self._schedule_restart(each, each.process)

    def _begin(self, each: _Running) -> subprocess.Popen[bytes]:
        member = each.member
        if member.before:
            member.before()
        with self._opened_log(member.name) as file:
            each.log_began_at = file.tell()
            process = spawn(member.command, file if member.quiet else subprocess.PIPE)
        each.process = process
        each.began_at = time.monotonic()
        if process.stdout:
            os.set_blocking(process.stdout.fileno(), False)
            self.selector.register(process.stdout, selectors.EVENT_READ, each)
        return process

    def _schedule_restart(self, each: _Running, process: subprocess.Popen[bytes]) -> None:
        """Note a death nobody asked for and plan the next start by the back-off table."""
        self._drain(each)
        end_group(process.pid)
        now = time.monotonic()
        each.deaths = 1 if now - each.began_at > STEADY_S else each.deaths + 1
        delay = BACK_OFF_S[min(each.deaths, len(BACK_OFF_S)) - 1]
        each.begin_at = now + delay
        each.process = None
        self.say(each.member.name, f"{_ending(process.returncode)}; starting again in {delay:g} s")
        if each.member.quiet and (why := self._reason_for_end(each)):
            self.say(each.member.name, why)

    def _is_ready(self, each: _Running) -> bool:
        if each.process is None:
            return False
        each.ready = each.member.is_ready is None or each.member.is_ready(each.process.pid)
        return each.ready

    def log(self, name: str) -> Path:
        """Return the member's log file; one that has grown large is put aside first."""
        log = self.logs / f"{name}.log"
        if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log

    def _opened_log(self, name: str) -> IO[bytes]:
        """Return the member's log file, opened behind its end; nowhere where it cannot be: a full disk stops nobody."""
        try:
            return self.log(name).open("ab")
        except OSError:
            return open(os.devnull, "ab")  # noqa: PTH123 - no path of ours

    def _read(self, each: _Running) -> bool:
        """Pass on what the member wrote; return whether there was anything."""
        pipe = each.process.stdout if each.process else None
        if pipe is None:
            return False
        try:
            chunk = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return False
        if not chunk:
            self._close(each, pipe)
            return False
        *whole, each.half_line = (each.half_line + chunk).split(b"\n")
        self._write_lines(each, whole)
        return True

    def _drain(self, each: _Running) -> None:
        pipe = each.process.stdout if each.process else None
        if pipe is None or pipe.closed:
            return
        while self._read(each):
            pass
        self._close(each, pipe)

    def _close(self, each: _Running, pipe: IO[bytes]) -> None:
        if pipe.closed:
            return
        self.selector.unregister(pipe)
        pipe.close()
        if each.half_line:
            self._write_lines(each, [each.half_line])
            each.half_line = b""

    def _write_lines(self, each: _Running, lines: list[bytes]) -> None:
        if lines:
            with suppress(OSError), self._opened_log(each.member.name) as file:
                file.writelines(line + b"\n" for line in lines)
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            each.lines.append(text)
            self.say(each.member.name, text)

    def _last_lines(self, each: _Running) -> str:
        if each.member.quiet:
            each.lines.extend(self._logged(each))
        return "\n".join(f"  {line}" for line in each.lines)

    def _reason_for_end(self, each: _Running) -> str:
        """Return the line of its log that says why it ended, of those since it was started; empty when none does."""
        return next((line for line in reversed(self._logged(each)) if REASON.search(line)), "")

    def _logged(self, each: _Running) -> list[str]:
        """Return what stands in its log since it was started; nothing where it cannot be read."""
        try:
            with (self.logs / f"{each.member.name}.log").open("rb") as file:
                file.seek(each.log_began_at)
                return file.read().decode(errors="replace").splitlines()
        except OSError:
            return []

    def stop(self) -> None:
        """Stop everything, stage after stage; a second signal turns patience into force."""
        self.stopping = True
        asked = len(self.signals)
        for stage in sorted({each.member.stop_stage for each in self.running.values()}):
            leaving = [each for each in self.running.values() if each.member.stop_stage == stage]
            self._end([each for each in leaving if each.process], asked)
        self.running.clear()

    def _end(self, leaving: list[_Running], asked: int) -> None:
        began = time.monotonic()
        for each in leaving:
            _send(each.process, each.member.command.stop_signal)
        while alive := [each for each in leaving if each.process and each.process.poll() is None]:
            for each in alive:
                if len(self.signals) > asked or time.monotonic() - began > each.member.stop_s:
                    self.say(each.member.name, "does not stop; ended by force")
                    _send(each.process, signal.SIGKILL)
                    asked = len(self.signals)
            self.turn(0.05)
        for each in leaving:
            self._drain(each)
            if each.process:
                end_group(each.process.pid)


def _send(process: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
    if process and process.poll() is None:
        process.send_signal(how)


def _empty(pipe: int) -> None:
    try:
        while os.read(pipe, 512):
            pass
    except BlockingIOError:
        return


def _ending(code: int) -> str:
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
