"""What may be carried: one of two functions and one integer, written as JSON; everything else is refused."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

import structlog
from prometheus_client import Counter
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from app.queue.store import connection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redis import Redis

QUEUES = ("money", "notify", "background")

# By name, so that nothing here imports upward; a test resolves each.
WORK_LANE = "app.jobs.outbox.work_lane"
WORK_ROW = "app.jobs.outbox.work_row"
WORK_QUEUE = "app.jobs.outbox.work_queue"
ALLOWED = frozenset({WORK_LANE, WORK_ROW})

LANE_JOB_S = 120
ROW_JOB_S = 900
FAILED_KEPT_S = 3600

# Each of these makes RQ import a name, call a URL or run something again (T77). Ours never carry them.
FORBIDDEN = frozenset(
    {
        "dependency_id",
        "dependency_ids",
        "failure_callback_name",
        "group_id",
        "repeats_left",
        "retries_left",
        "stopped_callback_name",
        "success_callback_name",
        "webhooks",
    }
)

LOG = structlog.get_logger(__name__)
REFUSED = Counter("billing_refused_jobs", "Jobs in Redis that this system did not write")


class Refused(Exception):
    """A job that this system did not write."""


def resolve(name: str) -> Callable[..., Any]:
    """Return the callable with this dotted name. Raises ImportError or AttributeError when there is none."""
    module, _, attribute = name.rpartition(".")
    return cast("Callable[..., Any]", getattr(importlib.import_module(module), attribute))


class SafeJob(Job):
    """A job whose record in Redis is read as a stranger's letter."""

    refusal: str | None = None

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Read the record, remember what makes it unacceptable, and keep nothing of it that RQ would act on."""
        found = {name.decode(errors="replace") for name, value in raw_data.items() if value}
        self.refusal = ", ".join(sorted(found & FORBIDDEN)) or None
        super().restore({name: value for name, value in raw_data.items() if name.decode("latin-1") not in FORBIDDEN})
        self.result_ttl = 0
        self.failure_ttl = FAILED_KEPT_S
        self.timeout = min(max(1, self.timeout or LANE_JOB_S), ROW_JOB_S)

    def perform(self) -> None:
        """Run the job. Raises Refused unless it is one of ours."""
        name, number = self._checked()
        resolve(name)(number)

    def _checked(self) -> tuple[str, int]:
        data = self.serializer.loads(self.data)
        name, instance, arguments, keywords = data
        wrong = self.refusal or (
            (name not in ALLOWED and f"function {name!r}")
            or (instance is not None and "an instance")
            or (bool(keywords) and "keyword arguments")
            or (not _is_one_integer(arguments) and "other arguments than one integer")
        )
        if wrong:
            REFUSED.inc()
            LOG.error("job.refused", alarm=True, job=self.id, wrong=str(wrong)[:200])
            raise Refused(str(wrong)[:200])
        return name, arguments[0]


def _is_one_integer(arguments: Any) -> bool:
    return isinstance(arguments, list) and len(arguments) == 1 and type(arguments[0]) is int


class SafeQueue(Queue):
    """A queue of safe jobs."""

    job_class = SafeJob


def queue_named(name: str, redis: Redis) -> SafeQueue:
    """Return the queue with this name."""
    return SafeQueue(name, connection=redis, serializer=JSONSerializer, job_class=SafeJob)


def offer(queue: str, function: str, number: int, *, job_id: str) -> bool:
    """Put one integer into a queue and return whether Redis has it; the same `job_id` twice is one job."""
    try:
        queue_named(queue, connection()).enqueue_call(
            func=function,
            args=(number,),
            job_id=job_id,
            unique=True,
            description=job_id,
            timeout=ROW_JOB_S if function == WORK_ROW else LANE_JOB_S,
            result_ttl=0,
            failure_ttl=FAILED_KEPT_S,
        )
    except DuplicateJobError:
        return True
    except (RedisError, OSError):
        return False
    return True
