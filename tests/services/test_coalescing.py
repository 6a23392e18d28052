"""What many ask for at the same moment is done once for all of them, and nobody's fault is another's."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from app import coalescing
from app.coalescing import Coalescer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

TWO, MANY = 2, 8


class Work:
    """Doubles numbers, writes down who was worked for together, and can be held while others come."""

    def __init__(self) -> None:
        self.sets: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.held = threading.Event()
        self.bad: set[int] = set()

    def __call__(self, asked: Sequence[int]) -> list[int]:
        self.sets.append(list(asked))
        self.begun.release()
        assert self.held.wait(10)
        if self.bad & set(asked):
            raise ValueError(sorted(self.bad & set(asked)))
        return [2 * each for each in asked]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setattr(coalescing, "LONGEST_WAIT_S", 10)
    return Work()


def _waiting(shared: Coalescer[int, int], how_many: int) -> None:
    ends = time.monotonic() + 10
    while len(shared._waiting or []) != how_many:
        assert time.monotonic() < ends
        time.sleep(0.001)


def _asked_while_one_works(
    pool: ThreadPoolExecutor, work: Work, others: range
) -> tuple[Coalescer[int, int], list[Future[int]]]:
    shared = Coalescer(work, ValueError)
    first = pool.submit(shared.run, 1)
    assert work.begun.acquire(timeout=10)
    rest = [pool.submit(shared.run, each) for each in others]
    _waiting(shared, len(others))
    return shared, [first, *rest]


def test_who_comes_alone_waits_for_nobody(work: Work) -> None:
    work.held.set()
    shared = Coalescer(work, ValueError)
    assert [shared.run(each) for each in (1, 2, 3)] == [2, 4, 6]
    assert work.sets == [[1], [2], [3]]


def test_who_comes_while_others_are_at_work_is_worked_for_together(work: Work) -> None:
    with ThreadPoolExecutor(MANY) as pool:
        shared, asked = _asked_while_one_works(pool, work, range(2, 8))
        work.held.set()
        assert [each.result(10) for each in asked] == [2, 4, 6, 8, 10, 12, 14]
        assert [sorted(each) for each in work.sets] == [[1], [2, 3, 4, 5, 6, 7]]
        assert shared.run(8) == 16


def test_who_comes_while_those_who_waited_are_at_work_waits_for_them(work: Work) -> None:
    """Work done at once for many is followed by work for all who came meanwhile, not by each of them alone."""
    with ThreadPoolExecutor(MANY) as pool:
        shared, asked = _asked_while_one_works(pool, work, range(2, 4))
        at_first, work.held = work.held, threading.Event()
        at_first.set()
        assert work.begun.acquire(timeout=10)
        asked += [pool.submit(shared.run, each) for each in (4, 5)]
        _waiting(shared, TWO)
        work.held.set()
        assert [each.result(10) for each in asked] == [2, 4, 6, 8, 10]
    assert [sorted(each) for each in work.sets] == [[1], [2, 3], [4, 5]]


def test_a_fault_of_many_is_only_the_fault_of_whose_it_is(work: Work) -> None:
    work.bad = {3}
    with ThreadPoolExecutor(MANY) as pool:
        _, asked = _asked_while_one_works(pool, work, range(2, 6))
        work.held.set()
        assert [each.result(10) for each in (*asked[:2], *asked[3:])] == [2, 4, 8, 10]
        with pytest.raises(ValueError, match=r"\[3\]"):
            asked[2].result(10)
    assert Counter(map(len, work.sets)) == {1: 5, 4: 1}


def test_a_fault_of_one_is_raised_and_the_next_may_work(work: Work) -> None:
    work.bad = {1}
    with ThreadPoolExecutor(MANY) as pool:
        _, asked = _asked_while_one_works(pool, work, range(2, 4))
        work.held.set()
        with pytest.raises(ValueError, match=r"\[1\]"):
            asked[0].result(10)
        assert [each.result(10) for each in asked[1:]] == [4, 6]
    assert work.sets[0] == [1]
    assert len(work.sets) == TWO


def test_whom_long_work_leaves_out_works_alone(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescing, "LONGEST_WAIT_S", 0.05)
    shared = Coalescer(work, ValueError)
    with ThreadPoolExecutor(MANY) as pool:
        first = pool.submit(shared.run, 1)
        assert work.begun.acquire(timeout=10)
        second = pool.submit(shared.run, 2)
        assert work.begun.acquire(timeout=10), "it went past the one that is at work"
        assert not first.done()
        work.held.set()
        assert (first.result(10), second.result(10)) == (2, 4)
    assert work.sets == [[1], [2]]
    assert shared.run(3) == 6


def test_everybody_gets_their_own_answer_whoever_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescing, "LONGEST_WAIT_S", 0.002)
    sets: Counter[int] = Counter()

    def work(asked: Sequence[int]) -> list[int]:
        sets[len(asked)] += 1
        time.sleep(0.0005 * (asked[0] % 7))
        if any(each % 11 == 0 for each in asked):
            raise ValueError(asked)
        return [2 * each for each in asked]

    shared = Coalescer(work, ValueError)

    def run(each: int) -> int | str:
        try:
            return shared.run(each)
        except ValueError as fault:
            return str(fault)

    with ThreadPoolExecutor(MANY) as pool:
        found = list(pool.map(run, range(2000)))
    assert found == [f"[{each}]" if each % 11 == 0 else 2 * each for each in range(2000)]
    assert max(sets) > TWO
    assert shared._waiting is None
