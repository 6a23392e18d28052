"""A process asked to stop waits for nobody who is away: neither it nor its child outlives its supervisor for long."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from redis import Redis
from sqlalchemy.exc import OperationalError

from app import queue
from app.domain.retry import BACKGROUND
from app.jobs import outbox as jobs
from app.jobs.relay import Relay
from app.queue import WORK_ROW, Crash, attempt_through_outage, crash, offer
from app.queue import worker as workers
from app.queue.worker import ForkingWorker, Silence, Stop
from app.services import delivery, delivery_outcomes, offers, outbox, reaper
from app.services.handlers import RowHandler
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.system import System

KIND, LANE = "test.stopping", "initiator:registry"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> crash.Patience:
    """Return the patience of this process, given back as it was."""
    monkeypatch.setattr(crash.PATIENCE, "hurried_at", None)
    return crash.PATIENCE


@pytest.fixture
def handlers_given_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def away(tries: list[int], then: Callable[[], None] = lambda: None) -> Callable[[], None]:
    def call() -> None:
        tries.append(len(tries))
        then()
        refuse()

    return call


def until(seen: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 60
    while not seen() and time.monotonic() < ends_at:
        time.sleep(0.02)


def refuse() -> None:
    raise OperationalError("select 1", {}, psycopg.OperationalError("connection refused"))


def test_a_database_that_is_away_is_waited_for_as_often_as_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash, "WAITS_S", (0.0, 0.01, 0.02))
    tries: list[int] = []
    assert isinstance(attempt_through_outage(away(tries)), Crash)
    assert len(tries) == 4


def test_tries_that_take_long_do_not_make_the_wait_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not even refuse costs two seconds a try, which are part of the wait."""
    monkeypatch.setattr(crash, "LONGEST_S", -1.0)
    tries: list[int] = []
    assert isinstance(attempt_through_outage(away(tries)), Crash)
    assert len(tries) == 1


@pytest.mark.parametrize("asked_during_try", [0, 2])
def test_a_stop_ends_the_wait(monkeypatch: pytest.MonkeyPatch, patience: crash.Patience, asked_during_try: int) -> None:
    monkeypatch.setattr(crash, "WAITS_S", (0.0, 0.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(crash, "STOPPING_S", 0.0)
    tries: list[int] = []
    call = away(tries, lambda: patience.hurry() if len(tries) > asked_during_try else None)
    assert isinstance(attempt_through_outage(call), Crash)
    assert len(tries) == asked_during_try + 1


def test_a_stop_is_heard_in_the_midst_of_a_wait(monkeypatch: pytest.MonkeyPatch, patience: crash.Patience) -> None:
    monkeypatch.setattr(crash, "WAITS_S", (600.0,))
    monkeypatch.setattr(crash, "LONGEST_S", 600.0)
    monkeypatch.setattr(crash, "STOPPING_S", 0.0)
    tries: list[int] = []
    asked = threading.Timer(0.2, patience.hurry)
    asked.start()
    try:
        assert isinstance(attempt_through_outage(away(tries)), Crash)
    finally:
        asked.join()
    assert len(tries) == 1


def test_a_relay_that_is_stopped_hurries(patience: crash.Patience) -> None:
    Relay().stop()
    assert patience.hurried_at is not None


@pytest.mark.usefixtures("handlers_given_back")
def test_a_worker_that_is_stopped_hurries(patience: crash.Patience) -> None:
    stop = Stop()
    stop.install()
    os.kill(os.getpid(), signal.SIGTERM)
    until(stop.is_asked)
    assert patience.hurried_at is not None


@pytest.mark.usefixtures("handlers_given_back")
def test_a_second_stop_ends_a_worker_by_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one that comes with the first: a terminal tells the supervisor and us, and the supervisor tells us too."""
    stop = Stop()
    stop.install()
    monkeypatch.setattr(workers, "FORCE_AFTER_S", 3600.0)
    for _ in range(2):
        signal.raise_signal(signal.SIGTERM)
    assert stop.is_asked()
    monkeypatch.setattr(workers, "FORCE_AFTER_S", -1.0)
    with pytest.raises(SystemExit):
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.usefixtures("handlers_given_back")
def test_the_child_of_a_worker_is_told_of_a_stop_and_may_finish(
    system: System, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    redis = Redis.from_url(redis_url)
    redis.flushdb()
    began, told = tmp_path / "began", tmp_path / "told"

    def work_row(_number: int) -> None:  # runs in the child
        began.touch()
        until(lambda: crash.PATIENCE.hurried_at is not None)
        if crash.PATIENCE.hurried_at is not None:
            told.touch()

    monkeypatch.setattr(jobs, "work_row", work_row)
    with system.app.app_context():
        assert offer("background", WORK_ROW, 1, job_id="row-1")
    stop = Stop()
    stop.install()

    def ask() -> None:
        until(began.exists)
        os.kill(os.getpid(), signal.SIGTERM)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        worker = ForkingWorker.on(system.app, "background", redis, stop=stop, silence=Silence())
        worker.work(burst=True, logging_level="CRITICAL")
    finally:
        asker.join()
    assert told.exists()
    assert stop.is_asked()
    assert stop.child == 0


def test_a_worker_without_redis_begins_no_lane_after_a_stop(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[int] = []
    asked: list[bool] = []

    def work_lane(lane_id: int, *_others: Any) -> None:
        worked.append(lane_id)
        asked.append(True)

    monkeypatch.setattr(offers, "due_lanes", lambda _queue: [1, 2, 3])
    monkeypatch.setattr(delivery, "work_lane", work_lane)
    with system.app.app_context():
        jobs.work_queue("notify", lambda: bool(asked))
        assert worked == [1]
        jobs.work_queue("notify")
    assert worked == [1, 1, 2, 3]


def test_leases_are_not_freed_one_by_one_on_a_database_that_is_away(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would wait for it as long once more, and the relay with its two hundred rows for an hour."""
    handlers: Any = {KIND: RowHandler(lambda _row, _integrations: None, BACKGROUND)}
    monkeypatch.setattr(crash, "WAITS_S", (0.0,))
    tries: list[int] = []
    with system.app.app_context():
        with transaction():
            for number in range(5):
                outbox.post(KIND, str(number), lane=LANE, payload={}, repeatable=False, tenant_id=1)
        lane = int(system.scalar(f"select id from lane where name = '{LANE}'"))
        with transaction():
            outbox.claim_lane(lane, limit=5, lease_s=60)
        system.sql(f"update outbox set lease_until = now() - interval '1 minute' where kind = '{KIND}'")
        monkeypatch.setattr(delivery_outcomes, "_together", lambda *_: away(tries)())
        assert reaper.reap(handlers) == 5
    assert len(tries) == 2


def test_a_database_that_stayed_away_is_no_fault_of_ours() -> None:
    def call() -> None:
        raise queue.DatabaseStayedAway

    result = queue.attempt(call)
    assert isinstance(result, Crash)
    assert result.is_away
    assert not result.is_ours
