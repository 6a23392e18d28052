"""What many requests of this process ask for at the same moment, done at once for all of them (docs/adr/012).

Who comes while nobody is at work begins at once, alone: a process with little to do makes nobody wait. Who comes while
others are at work waits for them, and the first of those who wait then does the work of all of them.
"""

from __future__ import annotations

from threading import Event, Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

A = TypeVar("A")
R = TypeVar("R")

# Work that takes longer than this waits for a lock somebody holds: who comes meanwhile goes past it.
LONGEST_WAIT_S = 0.1


class _Place(Generic[A, R]):
    """One request: what it asks, for whom it is to work once it is woken, and its answer when others did its work."""

    def __init__(self, asked: A) -> None:
        self.asked = asked
        self.woken = Event()
        self.company: list[_Place[A, R]] = []
        self.answers: tuple[R, ...] = ()


class Coalescer(Generic[A, R]):
    """Work that costs little more for many than for one; `work` returns one answer for each it was asked, in order.

    What it raises for many as `fault` may be the fault of one of them.
    """

    def __init__(self, work: Callable[[Sequence[A]], Sequence[R]], fault: type[Exception]) -> None:
        self._work = work
        self._fault = fault
        self._lock = Lock()
        self._waiting: list[_Place[A, R]] | None = None  # None while nobody is at work

    def run(self, asked: A) -> R:
        """Return the answer to this one, whoever did the work. Raises what the work raises for it alone.

        A fault of many is not yet a fault of each: then everybody works alone.
        """
        mine = self._place(asked)
        if not mine.company:
            self._wait(mine)
        if mine.company:
            self._lead(mine)
        return mine.answers[0] if mine.answers else self._work([asked])[0]

    def _place(self, asked: A) -> _Place[A, R]:
        mine: _Place[A, R] = _Place(asked)
        with self._lock:
            if self._waiting is None:
                self._waiting = []
                mine.company = [mine]
            else:
                self._waiting.append(mine)
        return mine

    def _wait(self, mine: _Place[A, R]) -> None:
        """Wait until others have done the work or it is this one's turn to; whom nobody took along leaves in time."""
        if mine.woken.wait(LONGEST_WAIT_S):
            return
        with self._lock:
            is_left_out = self._waiting is not None and mine in self._waiting
            if self._waiting is not None and is_left_out:
                self._waiting.remove(mine)
        if not is_left_out:
            mine.woken.wait()

    def _lead(self, mine: _Place[A, R]) -> None:
        company, mine.company = mine.company, []  # no circle is left for the collector
        try:
            for place, answer in zip(company, self._work([place.asked for place in company]), strict=True):
                place.answers = (answer,)
        except self._fault:
            if len(company) == 1:
                raise
        finally:
            self._hand_on()
            for place in company:
                place.woken.set()

    def _hand_on(self) -> None:
        with self._lock:
            following = self._waiting or []
            self._waiting = [] if following else None
        if following:
            following[0].company = following
            following[0].woken.set()
