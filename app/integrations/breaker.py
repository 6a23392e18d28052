"""A circuit breaker: stop asking a provider that does not answer, and try again gently (reliability.md 3.10)."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURES_IN_A_ROW = 5
WINDOW_S = 30.0
FEWEST_CALLS = 20
SHARE = 0.5
PAUSE_S = 30.0


class Breaker:
    """Closed until five failures in a row, or half of at least twenty calls within 30 s; open for 30 s; then one probe.

    Safe for threads; the state is this process's own.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: deque[tuple[float, bool]] = deque()
        self._in_a_row = 0
        self._opened_at: float | None = None
        self._probe_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Return whether calls are being refused or probed now."""
        return self._opened_at is not None

    def wait_s(self) -> int:
        """Return 0 when a call may go out, else the whole seconds to wait.

        After the pause exactly one caller gets 0; the others wait for its result, or as long again if it never reports.
        """
        with self._lock:
            if self._opened_at is None:
                return 0
            now = self._clock()
            since = self._opened_at if self._probe_at is None else self._probe_at
            if now - since < PAUSE_S:
                return math.ceil(PAUSE_S - (now - since))
            self._probe_at = now
            return 0

    def record(self, *, success: bool) -> None:
        """Take note of how a call ended."""
        with self._lock:
            now = self._clock()
            self._calls.append((now, success))
            while self._calls[0][0] < now - WINDOW_S:
                self._calls.popleft()
            self._in_a_row = 0 if success else self._in_a_row + 1
            if success and self._probe_at is not None:
                self._close()
            elif not success and (self._probe_at is not None or self._is_too_much()):
                self._opened_at, self._probe_at = now, None

    def _is_too_much(self) -> bool:
        failures = sum(not success for _, success in self._calls)
        busy = len(self._calls) >= FEWEST_CALLS
        return self._in_a_row >= FAILURES_IN_A_ROW or (busy and failures >= SHARE * len(self._calls))

    def _close(self) -> None:
        self._opened_at = self._probe_at = None
        self._in_a_row = 0
        self._calls.clear()
