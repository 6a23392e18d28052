"""One worker process for one queue: bells from Redis while it answers, straight from PostgreSQL while it does not."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import structlog
from prometheus_client import Gauge
from redis.exceptions import RedisError
from rq import SimpleWorker, Worker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.serializers import JSONSerializer
from rq.utils import now
from rq.worker.base import BaseWorker
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from app.parent_death import die_with
from app.queue.crash import PATIENCE, Crash, attempt
from app.queue.job import QUEUES, WORK_QUEUE, SafeJob, SafeQueue, queue_named, resolve
from app.queue.store import connect, server_faults, url_of

if TYPE_CHECKING:
    from types import FrameType

    from flask import Flask
    from redis import Redis
    from rq.job import Job
    from rq.queue import Queue

# What parses or renders runs in a child of its own; pure deliveries and money need no fork (reliability.md 3.7).
FORKING = frozenset({"background"})
DIRECT_AFTER_S = 10.0
LOOK_S = 0.5
CRASH_PAUSE_S = 5.0
WORKER_TTL_S = 18  # RQ waits for a bell 15 s less than this, so a server that hangs is noticed within 13 s
FORCE_AFTER_S = 1.0

LOG = structlog.get_logger(__name__)
DIRECT = Gauge("billing_direct_mode", "1 while a worker goes without Redis", ["queue"])


class UnknownQueue(ValueError):
    """There is no queue with this name."""


class OneQueueOnly(ValueError):
    """A worker that listens on several queues can lose a job for ever (reliability.md, result 2)."""


class Stop:
    """The wish to stop: SIGTERM or SIGINT once lets the current work finish, twice does not."""

    def __init__(self) -> None:
        self.asked_at: float | None = None
        self.may_interrupt = False
        self.child = 0  # whoever works for us, and is told

    def install(self) -> None:
        """Listen to the signals from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked)

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        moment = time.monotonic()
        if self.asked_at is not None and moment - self.asked_at > FORCE_AFTER_S:
            raise SystemExit(1)
        self.asked_at = self.asked_at or moment
        PATIENCE.hurry()
        self._tell()
        if self.may_interrupt:
            self.may_interrupt = False
            raise StopRequested

    def is_asked(self) -> bool:
        """Return whether a stop was asked for."""
        return self.asked_at is not None

    def check(self) -> None:
        """Raise StopRequested when a stop was asked for."""
        if self.is_asked():
            raise StopRequested

    def watch(self, child: int) -> None:
        """Pass a stop on to this process from now on; to none when it is 0."""
        self.child = child
        if self.is_asked():
            self._tell()

    def _tell(self) -> None:
        if self.child:
            with suppress(ProcessLookupError):
                os.kill(self.child, signal.SIGTERM)


class Silence:
    """For how long Redis has said nothing."""

    def __init__(self) -> None:
        self._heard_at = time.monotonic()

    def heard(self) -> None:
        """Note that Redis answered just now."""
        self._heard_at = time.monotonic()

    def seconds(self) -> float:
        """Return for how many seconds nothing was heard."""
        return time.monotonic() - self._heard_at


class SafeWorker(BaseWorker):
    """RQ's worker with its remote controls taken off: Redis may bring work, it gives no orders."""

    job_class = SafeJob
    queue_class = SafeQueue
    app: Flask
    stop: Stop
    silence: Silence

    @classmethod
    def on(cls, app: Flask, queue: str, redis: Redis, *, stop: Stop, silence: Silence) -> SafeWorker:
        """Return a worker of one queue. Raises RedisError when the server does not answer."""
        worker = cls(
            [queue_named(queue, redis)],
            connection=redis,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL_S,
            log_job_description=False,
        )
        worker.app, worker.stop, worker.silence = app, stop, silence
        return worker

    def validate_queues(self) -> None:
        """Refuse more than one queue. Raises OneQueueOnly."""
        super().validate_queues()  # type: ignore[no-untyped-call]
        if len(self.queues) > 1:
            raise OneQueueOnly

    def subscribe(self) -> None:
        """Listen to no commands (stop-job, kill-horse, shutdown): any writer to Redis could give them."""

    def check_for_suspension(self, burst: bool) -> None:  # noqa: FBT001 - RQ's signature
        """Ignore a suspension: only signals stop a worker."""

    def _install_signal_handlers(self) -> None:
        """Leave the signals to Stop, which outlives this worker."""

    def run_maintenance_tasks(self) -> None:
        """Tidy RQ's registries, which are only for display: a planted record must not stop the work."""
        try:
            super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        except RedisError:
            raise
        except Exception:
            LOG.exception("worker.tidying_failed")
            self._forget_popped()
            self.last_cleaned_at = now()  # type: ignore[assignment]

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Return the next job and its queue; a lost server or a wish to stop ends the loop instead of waiting.

        Raises StopRequested for both.
        """
        del max_idle_time
        while True:
            self.heartbeat()
            self.silence.heard()
            found = self._next(timeout)
            if found:
                found[0].redis_server_version = self.get_redis_server_version()  # type: ignore[no-untyped-call]
                return found
            if timeout is None:
                return None
            if self.should_run_maintenance_tasks:
                self.run_maintenance_tasks()

    def _next(self, timeout: int | None) -> tuple[Job, Queue] | None:
        self.stop.check()
        self.stop.may_interrupt = True
        try:
            return self.queue_class.dequeue_any(
                self.queues, timeout, self.connection, job_class=SafeJob, serializer=self.serializer
            )
        except DequeueTimeout:
            return None
        except (RedisError, StopRequested):
            raise
        except Exception:
            LOG.exception("job.unreadable", alarm=True)
            self._forget_popped()
            return None
        finally:
            self.stop.may_interrupt = False

    def _forget_popped(self) -> None:
        for queue in self.queues:
            self.connection.delete(queue.intermediate_queue_key)

    def perform_job(self, job: Job, queue: Queue) -> bool:
        """Run the job inside the application and return whether it went well."""
        with self.app.app_context():
            _drop_dead_connections()
            return bool(super().perform_job(job, queue))

    def teardown(self) -> None:
        """Sign off, if anybody listens."""
        with suppress(RedisError):
            super().teardown()  # type: ignore[no-untyped-call]


class InProcessWorker(SafeWorker, SimpleWorker):
    """Runs its jobs in its own process."""


class ForkingWorker(SafeWorker, Worker):
    """Runs each job in a child that dies with it (reliability.md, result 3)."""

    def main_work_horse(self, job: Job, queue: Queue) -> NoReturn:
        """Run the job in the child and end it."""
        die_with(self.pid or 0, signal.SIGKILL)  # elsewhere than on Linux the lease is the only guard
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)  # the parent's connections stay the parent's
        super().main_work_horse(job, queue)
        os._exit(0)

    def setup_work_horse_signals(self) -> None:
        """Let the child finish what it does when a stop is asked for, and wait for nobody any more."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGTERM, lambda _number, _frame: PATIENCE.hurry())

    def monitor_work_horse(self, job: Job, queue: Queue) -> None:
        """Wait for the child, whatever becomes of Redis meanwhile."""
        self.stop.watch(self.horse_pid)
        try:
            super().monitor_work_horse(job, queue)
        finally:
            if self.horse_pid:
                self.wait_for_horse()
            self.stop.watch(0)


def _drop_dead_connections() -> None:
    """Forget connections to a server that has ended since: a job that fails on one is offered again after 30 s only."""
    try:
        db.session.execute(text("select 1"))
    except DBAPIError:
        db.engine.dispose()
    finally:
        db.session.remove()


def run_worker(app: Flask, queue: str) -> None:
    """Work one queue until SIGTERM or SIGINT; runs in the main thread.

    Raises UnknownQueue, or UnsupportedServer when Redis is older than 6.2. When Redis does not answer for 10 s the due
    work is taken straight from PostgreSQL until it is back (reliability.md 3.7).
    """
    if queue not in QUEUES:
        raise UnknownQueue(queue)
    stop, silence = Stop(), Silence()
    stop.install()
    probe = connect(url_of(app))
    _check(probe)
    with suppress(StopRequested):
        while True:
            stop.check()
            if _answers(probe):
                silence.heard()
                _listen(app, queue, stop, silence)
            elif silence.seconds() > DIRECT_AFTER_S:
                _work_directly(app, queue, probe, stop)
            _rest(stop, LOOK_S)


def _check(redis: Redis) -> None:
    with suppress(RedisError):
        for fault in server_faults(redis):
            LOG.warning("redis.unfit", fault=fault)


def _answers(redis: Redis) -> bool:
    return not _why_silent(redis)


def _why_silent(redis: Redis) -> str:
    """Return why the server does not serve us, empty when it does: one that refuses us is mended otherwise."""
    try:
        redis.ping()
    except (RedisError, OSError) as fault:
        return f"{type(fault).__name__}: {fault}"
    return ""


def _rest(stop: Stop, seconds: float) -> None:
    stop.check()
    stop.may_interrupt = True
    try:
        time.sleep(seconds)
    finally:
        stop.may_interrupt = False


def _listen(app: Flask, queue: str, stop: Stop, silence: Silence) -> None:
    """Work what the bell brings until Redis is lost or a stop is asked for."""
    kind = ForkingWorker if queue in FORKING else InProcessWorker
    with suppress(RedisError, OSError):
        worker = kind.on(app, queue, connect(url_of(app)), stop=stop, silence=silence)
        worker.work(logging_level="WARNING")


def _work_directly(app: Flask, queue: str, redis: Redis, stop: Stop) -> None:
    """Direct mode: take the due work of the queue from PostgreSQL until Redis answers again."""
    LOG.warning("worker.direct_mode", queue=queue, alarm=True, why=_why_silent(redis))
    DIRECT.labels(queue).set(1)
    try:
        while not _answers(redis):
            stop.check()
            _rest(stop, CRASH_PAUSE_S if isinstance(_drain(app, queue, stop), Crash) else LOOK_S)
    finally:
        DIRECT.labels(queue).set(0)
    LOG.warning("worker.redis_is_back", queue=queue)


def _drain(app: Flask, queue: str, stop: Stop) -> Any:
    with app.app_context():
        return attempt(lambda: resolve(WORK_QUEUE)(queue, stop.is_asked), queue=queue)
