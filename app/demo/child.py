"""One child process that never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from app.parent_death import die_with

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.demo.account import Account


@dataclass(frozen=True, slots=True)
class Command:
    """How one process is started and stopped.

    `death_signal` is what the kernel sends it when we die without a word, `stop_signal` what we send in good order;
    `nice` puts it behind the others where processors are few.
    """

    argv: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    cwd: str | None = None
    nice: int = 0


def spawn(command: Command, output: IO[bytes] | int | None = None) -> subprocess.Popen[bytes]:
    """Start the command in a session of its own (Ctrl-C reaches only us) and return it.

    `output` receives stdout and stderr together.
    """
    account = command.account
    return subprocess.Popen(
        command.argv,
        env=dict(command.env),
        cwd=command.cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_before_exec(os.getpid(), command),  # noqa: PLW1509 - prctl alone, and we have one thread
    )


def _before_exec(parent: int, command: Command) -> Callable[[], None]:
    def ask() -> None:
        die_with(parent, command.death_signal)
        os.nice(command.nice)

    return ask


def stop(process: subprocess.Popen[bytes], how: signal.Signals, timeout_s: float) -> None:
    """Stop the process: politely, and after `timeout_s` by force together with everything it started."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end_group(process.pid)


def end_group(leader: int) -> None:
    """Kill what a dead child left behind in its process group."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
