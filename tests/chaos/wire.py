"""A wire between our processes and a server on a Unix socket, which may be cut at the worst moment (fault F20, F21).

The server's own socket is moved aside and this one stands in its place, so that nobody has to be told another address.
"""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 1 << 16
LOOK_S = 0.1


class Wire:
    """A wire that is carried by a process of its own, so that nobody waits for the threads of the test."""

    def __init__(self, path: Path, mark: bytes, percent: float, seed: int) -> None:
        self.path = path
        self.cut = 0
        self.swallowed = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.wire", str(path), mark.decode(), str(percent), str(seed)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # where time is shared out by sessions, it has its own
        )
        self._ask("")

    def step_aside(self) -> None:
        """Break nothing more and let the server's own socket stand where it belongs; who is connected stays."""
        self.cut, self.swallowed = (int(each) for each in self._ask("aside").split())

    def end(self) -> None:
        """Carry nothing more."""
        self._process.communicate()

    def _ask(self, what: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


class Carrier:
    """Passes everything on, and breaks what `percent` of the messages with `mark` in them are said on.

    Half of those never arrive; the others arrive and are done, and it is the answer that is lost.
    """

    def __init__(self, path: Path, mark: bytes, percent: float, seed: int) -> None:
        self.path = path
        self.mark = mark
        self.percent = percent
        self.cut = 0
        self.swallowed = 0
        self._dice = random.Random(seed)
        self._real = path.with_name(f"{path.name}.real")
        self._inode = 0
        self._listener: socket.socket | None = None
        self._standing = threading.Lock()
        self._aside = False

    def stand_between(self) -> None:
        """Stand between for ever: also after the server has started again and put its socket where it belongs."""
        while not self._aside:
            with self._standing, suppress(FileNotFoundError):
                self._interpose()
            time.sleep(LOOK_S)

    def _interpose(self) -> None:
        if self._aside or not self.path.exists() or self.path.stat().st_ino == self._inode:
            return
        if self._listener:
            self._listener.close()
        self.path.replace(self._real)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self.path.chmod(0o777)
        self._listener.listen(200)
        self._inode = self.path.stat().st_ino
        threading.Thread(target=self._serve, args=[self._listener], daemon=True).start()

    def step_aside(self) -> None:
        """Let the server's own socket stand where it belongs again."""
        self.percent = 0
        with self._standing:
            self._aside = True
            if self._listener:
                self._listener.close()
            if self.path.exists() and self.path.stat().st_ino == self._inode:
                self._real.replace(self.path)

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                try:
                    far.connect(str(self._real))
                except OSError:  # the server is being started again
                    near.close()
                    far.close()
                    continue
                threading.Thread(target=self._carry, args=[near, far], daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with near, far:
            back = threading.Thread(target=self._hear, args=[near, far], daemon=True)
            back.start()
            self._say(near, far)
            back.join()

    def _say(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(CHUNK):
                if self.mark in data and self._dice.random() * 100 < self.percent:
                    self._break(near, far, data)
                    break
                far.sendall(data)
        _end(near, far)

    def _break(self, near: socket.socket, far: socket.socket, data: bytes) -> None:
        if self._dice.random() < 0.5:
            self.cut += 1
            return
        self.swallowed += 1
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
        far.sendall(data)
        far.recv(CHUNK)

    @staticmethod
    def _hear(near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(CHUNK):
                near.sendall(data)
        _end(near, far)


def _end(*ends: socket.socket) -> None:
    for each in ends:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def main(path: str, mark: str, percent: str, seed: str) -> None:
    """Carry until killed. The first line asks to begin; `aside` answers how much was cut, and swallowed."""
    carrier = Carrier(Path(path), mark.encode(), float(percent), int(seed))
    for line in sys.stdin:
        if line.strip() == "aside":
            carrier.step_aside()
        else:
            threading.Thread(target=carrier.stand_between, daemon=True).start()
        print(carrier.cut, carrier.swallowed, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
