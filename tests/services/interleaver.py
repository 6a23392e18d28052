"""Every order in which two transactions can run, statement by statement, on real connections (reliability.md 4.6).

Each script runs in a thread of its own whose statements wait to be let go. After each there is a choice which of the
two goes on, unless one waits for a lock of the database or is done. The first race follows no plan; whatever it could
have chosen otherwise is the beginning of another race, until no choice is left. A statement that only reads may change
places with one that writes nothing there without anybody seeing it: of orders that differ in nothing else one is run
(partial-order reduction, as in model checking). So none is run that locks make impossible, and none twice.
"""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from sqlalchemy import event

from app import coalescing
from app.extensions import db
from app.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from sqlalchemy import Engine

R = TypeVar("R")
STATEMENT = 2  # its place among what SQLAlchemy's event tells
MOMENT_S = 0.002
LONGEST_S = 15.0
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

LOCKS = re.compile(r"\bfor (no key )?(update|share)\b|\bfor key share\b", re.IGNORECASE)
HIDDEN = re.compile(r"\b(nextval|set_config|pg_\w+)\s*\(", re.IGNORECASE)
WRITTEN = re.compile(r"\b(?:insert\s+into|(?<!for )(?<!key )update|delete\s+from)\s+(\w+)", re.IGNORECASE)
READ = re.compile(r"\b(?:from|join)\s+(\w+)", re.IGNORECASE)
ANY = frozenset({"*"})
# What triggers write besides.
TRIGGERED = {"event": {"announcement", "outbox"}}


@dataclass(frozen=True)
class Step:
    """A statement that is about to run: what tables it reads and writes, and whether it locks rows."""

    reads: frozenset[str] = ANY
    writes: frozenset[str] = ANY
    locks: bool = True

    @classmethod
    def of(cls, sql: str) -> Step:
        """Return the step."""
        written = {each.lower() for each in WRITTEN.findall(sql)}
        for each in tuple(written):
            written |= TRIGGERED.get(each, set())
        reads = frozenset(each.lower() for each in READ.findall(sql))
        return cls(reads, ANY if HIDDEN.search(sql) else frozenset(written), bool(LOCKS.search(sql)))

    def may_change_places_with(self, other: Step) -> bool:
        """Return whether nobody can see which came first: one only reads, and nothing that the other writes."""
        return self._does_not_see(other) or other._does_not_see(self)

    def _does_not_see(self, other: Step) -> bool:
        only_reads = not self.writes and not self.locks
        return only_reads and "*" not in self.reads | other.writes and not self.reads & other.writes


class Race:
    """One order of the statements of two scripts: planned as far as its plan goes, the first that can from there on."""

    def __init__(self, plan: tuple[int, ...] = ()) -> None:
        self.plan = plan
        self.taken: list[int] = []
        self.choices: list[tuple[int, ...]] = []
        self._next = {0: Step(), 1: Step()}
        self._last = Step()
        self._could: list[int] = []
        self._changed = threading.Condition()
        self._at_the_gate: set[int] = set()
        self._let_go: int | None = None
        self._running = {0, 1}
        self._ours = threading.local()

    def __str__(self) -> str:
        """Return whose statement came when."""
        return "".join(map(str, self.taken))

    def run(self, engine: Engine, scripts: tuple[Callable[[], Any], Callable[[], Any]]) -> list[Any]:
        """Run both scripts; returns their results or the exceptions they ended in."""
        results: list[Any] = [None, None]
        threads = [threading.Thread(target=self._play, args=(who, scripts[who], results)) for who in (0, 1)]
        address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as observer, before_each_statement(engine, self._wait):
            for thread in threads:
                thread.start()
            self._hand_out_turns(observer)
            for thread in threads:
                thread.join()
        return results

    def others(self, depth: int) -> Iterator[Race]:
        """Yield the races that begin as this one and take, at one of the first steps, what this one left."""
        for place in range(len(self.plan), min(depth, len(self.taken))):
            for who in self.choices[place]:
                if who != self.taken[place]:
                    yield Race((*self.taken[:place], who))

    def _play(self, who: int, script: Callable[[], Any], results: list[Any]) -> None:
        self._ours.who = who
        try:
            results[who] = script()
        except Exception as fault:  # noqa: BLE001 - the test looks at it
            results[who] = fault
        with self._changed:
            self._running.discard(who)
            self._changed.notify_all()

    def _wait(self, *said: Any) -> None:
        """Stand at the gate until this thread is let go."""
        who = getattr(self._ours, "who", None)
        if who is None:
            return
        with self._changed:
            self._running.discard(who)
            self._at_the_gate.add(who)
            self._next[who] = Step.of(said[STATEMENT]) if len(said) > STATEMENT else Step()
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._let_go == who, LONGEST_S), "nobody let this script go on"
            self._let_go = None

    def _hand_out_turns(self, observer: psycopg.Connection[Any]) -> None:
        with self._changed:
            while self._settle(observer):
                can = sorted(self._at_the_gate)
                new = [who for who in can if not self._is_old(who)] or can
                planned = self.plan[len(self.taken)] if len(self.taken) < len(self.plan) else new[0]
                who = planned if planned in can else new[0]
                self.taken.append(who)
                self.choices.append(tuple(new))
                self._last, self._could = self._next[who], can
                self._at_the_gate.discard(who)
                self._running.add(who)
                self._let_go = who
                self._changed.notify_all()

    def _is_old(self, who: int) -> bool:
        """Return whether this step and the one before could change places and come in the order that is not run."""
        turned = bool(self.taken) and self.taken[-1] > who and who in self._could
        return turned and self._next[who].may_change_places_with(self._last)

    def _settle(self, observer: psycopg.Connection[Any]) -> bool:
        """Wait until whoever still runs waits for a lock; returns whether somebody stands at the gate."""
        end = time.monotonic() + LONGEST_S
        while self._running:
            assert time.monotonic() < end, "the two scripts block each other for ever"
            if self._changed.wait(MOMENT_S) or not self._at_the_gate:
                continue
            row = observer.execute(WAITING).fetchone()
            if row is not None and row[0] == len(self._running):
                break
        return bool(self._at_the_gate)


def races(depth: int) -> Iterator[Race]:
    """Yield every race that differs in the order of its first `depth` statements; each is run before the next."""
    todo = [Race()]
    while todo:
        race = todo.pop()
        yield race
        todo += race.others(depth)


@contextmanager
def before_each_statement(engine: Engine, do: Callable[..., Any]) -> Iterator[None]:
    """Do this before each statement, prepared or not; nobody works for another thread meanwhile."""
    run, wait_s = Prepared.run, coalescing.LONGEST_WAIT_S

    def announced(statement: Prepared, *values: Any) -> Any:
        do()
        return run(statement, *values)

    event.listen(engine, "before_cursor_execute", do)
    Prepared.run = announced  # type: ignore[assignment,method-assign]
    coalescing.LONGEST_WAIT_S = 0
    try:
        yield
    finally:
        Prepared.run = run  # type: ignore[method-assign]
        coalescing.LONGEST_WAIT_S = wait_s
        event.remove(engine, "before_cursor_execute", do)


def inside(app: Flask, verb: Callable[[], R]) -> Callable[[], R]:
    """Return a script: the verb inside the application, its session given back at the end."""

    def script() -> R:
        with app.app_context():
            try:
                return verb()
            finally:
                db.session.remove()

    return script
