"""A wire between our processes and a server on a Unix socket, which may be cut at the worst moment (fault F20, F21).

The server's own socket is moved aside and this one stands in its place, so that nobody has to be told another address.
"""

from __future__ import annotations

import random
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 16


class Wire:
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

    def interpose(self) -> None:
        """Stand between; also after the server has been started again and has put its socket where it belongs."""
        if not self.path.exists() or self.path.stat().st_ino == self._inode:
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
        """Let the server's own socket stand where it belongs again; what is connected stays as it is."""
        self.percent = 0
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
