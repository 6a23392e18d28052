"""The breaker opens, waits, probes and closes as reliability.md 3.10 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.breaker import FAILURES_IN_A_ROW, FEWEST_CALLS, PAUSE_S, WINDOW_S, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES_IN_A_ROW):
        breaker.record(success=False)
    return breaker


def test_it_is_closed_at_first(clock: Clock):
    assert Breaker(clock).wait_s() == 0


def test_four_failures_do_not_open_it(clock: Clock):
    breaker = Breaker(clock)
    for _ in range(FAILURES_IN_A_ROW - 1):
        breaker.record(success=False)
    assert breaker.wait_s() == 0
    breaker.record(success=True)
    breaker.record(success=False)
    assert breaker.wait_s() == 0


def test_five_in_a_row_open_it_for_thirty_seconds(opened: Breaker, clock: Clock):
    assert opened.wait_s() == PAUSE_S
    clock.now += 10.5
    assert opened.wait_s() == 20
    clock.now += 19.4
    assert opened.wait_s() == 1


def test_half_of_twenty_calls_open_it(clock: Clock):
    breaker = Breaker(clock)
    for index in range(FEWEST_CALLS):
        assert breaker.wait_s() == 0
        breaker.record(success=index % 2 == 0)
    assert breaker.wait_s() > 0


def test_old_calls_are_forgotten(clock: Clock):
    breaker = Breaker(clock)
    for index in range(FEWEST_CALLS - 1):
        breaker.record(success=index % 2 == 0)
    clock.now += WINDOW_S + 1
    breaker.record(success=False)
    assert breaker.wait_s() == 0


def test_after_the_pause_one_caller_probes_and_the_others_wait(opened: Breaker, clock: Clock):
    clock.now += PAUSE_S
    assert opened.wait_s() == 0
    assert opened.wait_s() > 0


def test_a_good_probe_closes_it(opened: Breaker, clock: Clock):
    clock.now += PAUSE_S
    assert opened.wait_s() == 0
    opened.record(success=True)
    assert not opened.is_open
    assert opened.wait_s() == 0


def test_a_bad_probe_opens_it_for_as_long_again(opened: Breaker, clock: Clock):
    clock.now += PAUSE_S
    assert opened.wait_s() == 0
    opened.record(success=False)
    assert opened.wait_s() == PAUSE_S


def test_a_probe_that_never_reports_is_replaced(opened: Breaker, clock: Clock):
    clock.now += PAUSE_S
    assert opened.wait_s() == 0
    clock.now += PAUSE_S
    assert opened.wait_s() == 0


@given(st.lists(st.tuples(st.floats(0, 40), st.booleans()), max_size=80))
def test_it_never_stays_open_once_a_probe_succeeds(history: list[tuple[float, bool]]):
    clock = Clock()
    breaker = Breaker(clock)
    for pause, success in history:
        clock.now += pause
        if breaker.wait_s() == 0:
            breaker.record(success=success)
    clock.now += 2 * PAUSE_S
    assert breaker.wait_s() == 0
    breaker.record(success=True)
    assert breaker.wait_s() == 0
