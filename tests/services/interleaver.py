"""Every order in which two transactions can run, statement by statement, on real connections (reliability.md 4.6).

Each script runs in a thread of its own whose statements wait for their turn. A statement that blocks on a lock gives
its turn away and goes on when the lock is free, as in life.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from itertools import combinations
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from app.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

BLOCKED_S = 0.03
LONGEST_S = 15.0


class Turns:
    """Hands out turns to the statements of two threads in a planned order."""

    def __init__(self, order: tuple[int, ...]) -> None:
        self.order = list(order)
        self.condition = threading.Condition()
        self.position = 0
        self.finished: set[int] = set()
        self.steps = {0: 0, 1: 0}

    def wait(self, who: int) -> None:
        """Return when it is this thread's turn; a thread that is not heard of within a moment is blocked or done."""
        with self.condition:
            self.steps[who] += 1
            while self.position < len(self.order) and self.order[self.position] != who:
                if self.order[self.position] in self.finished or not self.condition.wait(BLOCKED_S):
                    self.position += 1
                    self.condition.notify_all()
            self.position += 1
            self.condition.notify_all()

    def end(self, who: int) -> None:
        """Note that this thread has nothing more to do."""
        with self.condition:
            self.finished.add(who)
            self.condition.notify_all()


def orders(first: int, second: int) -> Iterator[tuple[int, ...]]:
    """Return every merge of `first` steps of thread 0 with `second` steps of thread 1."""
    total = first + second
    for places in combinations(range(total), first):
        yield tuple(0 if place in places else 1 for place in range(total))


def run_both(engine: Engine, order: tuple[int, ...], scripts: tuple[Callable[[], Any], Callable[[], Any]]) -> list[Any]:
    """Run both scripts in this order of statements; returns their results or the exceptions they ended in."""
    turns = Turns(order)
    ours = threading.local()
    results: list[Any] = [None, None]

    def before(*_: Any) -> None:
        who = getattr(ours, "who", None)
        if who is not None:
            turns.wait(who)

    def play(who: int) -> None:
        ours.who = who
        try:
            results[who] = scripts[who]()
        except Exception as fault:  # noqa: BLE001 - the test looks at it
            results[who] = fault
        finally:
            turns.end(who)

    with _before_each_statement(engine, before):
        threads = [threading.Thread(target=play, args=(who,)) for who in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONGEST_S)
            assert not thread.is_alive(), "the two scripts block each other for ever"
    return results


@contextmanager
def _before_each_statement(engine: Engine, do: Callable[..., Any]) -> Iterator[None]:
    """Do this before each statement, whether SQLAlchemy sends it or it was prepared."""
    run = Prepared.run

    def announced(statement: Prepared, *values: Any) -> Any:
        do()
        return run(statement, *values)

    event.listen(engine, "before_cursor_execute", do)
    Prepared.run = announced  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        Prepared.run = run  # type: ignore[method-assign]
        event.remove(engine, "before_cursor_execute", do)


def count_statements(engine: Engine, script: Callable[[], Any]) -> int:
    """Return how many statements the script sends when it is alone."""
    seen: list[None] = []
    with _before_each_statement(engine, lambda *_: seen.append(None)):
        script()
    return len(seen)
