"""What a stranger in Redis can do to a worker: nothing (security.md T76, T77; reliability.md result 1 and 2)."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.jobs import outbox as jobs
from app.queue import ALLOWED, WORK_QUEUE, offer, resolve
from app.queue.job import SafeQueue, queue_named
from app.queue.worker import InProcessWorker, OneQueueOnly, Silence, Stop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system import System

QUEUE = "money"


class Planted:
    """Touches a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (self.path, "w")


TRAPPED: list[int] = []


def trapped(number: int) -> None:
    """Be what must never run."""
    TRAPPED.append(number)


@pytest.fixture
def redis(redis_url: str) -> Redis:
    client = Redis.from_url(redis_url)
    client.flushdb()
    return client


def work(system: System, redis: Redis) -> None:
    worker = InProcessWorker.on(system.app, QUEUE, redis, stop=Stop(), silence=Silence())
    worker.work(burst=True, logging_level="CRITICAL")


def test_every_name_that_may_be_carried_is_a_function() -> None:
    assert all(callable(resolve(name)) for name in (*ALLOWED, WORK_QUEUE))
    assert resolve(WORK_QUEUE) is jobs.work_queue


def test_an_offer_is_worked_and_leaves_nothing_behind(system: System, redis: Redis) -> None:
    number, reference = system.invoice(), ""
    reference = system.one_off(number)
    system.pay(reference)
    system.callback(reference)
    lane = int(system.scalar("select id from lane where name = 'everypay'"))
    with system.app.app_context():
        assert offer(QUEUE, "app.jobs.outbox.work_lane", lane, job_id=f"lane-{lane}-1")
        assert offer(QUEUE, "app.jobs.outbox.work_lane", lane, job_id=f"lane-{lane}-1")
    assert len(queue_named(QUEUE, redis)) == 1
    work(system, redis)
    assert system.status(number) == "paid"
    assert len(queue_named(QUEUE, redis)) == 0


def test_a_job_after_the_database_was_restarted_is_done_at_once(system: System, redis: Redis, servers: Any) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    system.callback(reference)
    lane = int(system.scalar("select id from lane where name = 'everypay'"))
    with system.app.app_context():
        assert offer(QUEUE, "app.jobs.outbox.work_lane", lane, job_id=f"lane-{lane}-1")
    database = system.scalar("select current_database()")
    with psycopg.connect(servers["postgres"].replace("+psycopg", ""), autocommit=True) as server:
        ended = server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [database])
        assert ended.fetchall()
    work(system, redis)
    assert system.status(number) == "paid"


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("os.system", ["touch {path}"]),
        ("pathlib.Path.touch", ["{path}"]),
        ("app.jobs.outbox.work_lane", ["1"]),
        ("app.jobs.outbox.work_lane", [1, 2]),
        ("app.jobs.outbox.work_queue", ["money"]),
    ],
)
def test_a_planted_function_is_never_run(
    system: System, redis: Redis, tmp_path: Path, function: str, arguments: list[Any]
) -> None:
    trap = tmp_path / "trap"
    filled = [each.format(path=trap) if isinstance(each, str) else each for each in arguments]
    Queue(QUEUE, connection=redis, serializer=JSONSerializer).enqueue(function, *filled)
    work(system, redis)
    assert not trap.exists()


def test_a_planted_function_that_takes_a_number_is_never_run(system: System, redis: Redis) -> None:
    """Its one integer is as innocent as ours: only the list of names keeps it out."""
    Queue(QUEUE, connection=redis, serializer=JSONSerializer).enqueue("tests.jobs.test_queue.trapped", 7)
    work(system, redis)
    assert not TRAPPED


def test_a_planted_pickle_is_never_opened(system: System, redis: Redis, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    job = Queue(QUEUE, connection=redis).enqueue("operator.neg", 1)
    redis.hset(job.key, "data", pickle.dumps(Planted(str(trap))))
    work(system, redis)
    assert not trap.exists()


def test_a_planted_callback_is_never_called(system: System, redis: Redis, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    with system.app.app_context():
        offer(QUEUE, "app.jobs.outbox.work_lane", 10**9, job_id="planted")
    for name in ("success_callback_name", "failure_callback_name", "stopped_callback_name"):
        redis.hset("rq:job:planted", name, "os.mkdir")
    redis.hset("rq:job:planted", "meta", "{}")
    work(system, redis)
    assert not trap.exists()
    assert not any(tmp_path.iterdir())


def test_a_worker_refuses_a_second_queue(redis: Redis) -> None:
    with pytest.raises(OneQueueOnly):
        InProcessWorker([SafeQueue("money", connection=redis), SafeQueue("notify", connection=redis)], connection=redis)
