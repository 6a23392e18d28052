"""How the queues are: the workers and relays registered at Redis. What stands there is not trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from app.queue.bell import CHANNEL
from app.queue.job import QUEUES
from app.queue.store import connection

if TYPE_CHECKING:
    from redis import Redis

WORKERS = "rq:workers:{queue}"
MOST = 100
LONGEST = 40


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One worker: its queue, whether it is busy, and its last heartbeat."""

    queue: str
    state: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The workers, how many relays listen, and the server's version."""

    workers: tuple[WorkerStatus, ...]
    relays: int
    version: str


def queue_status() -> QueueStatus | None:
    """Return how the queues are, or None when Redis does not answer: then workers cannot be counted."""
    try:
        redis = connection()
        workers = [each for queue in QUEUES for each in _workers(redis, queue)]
        listening = redis.pubsub_numsub(CHANNEL)
        version = str(redis.info("server").get("redis_version", ""))[:LONGEST]
        return QueueStatus(tuple(workers), int(listening[0][1]) if listening else 0, version)
    except (RedisError, OSError):
        return None


def _workers(redis: Redis, queue: str) -> list[WorkerStatus]:
    keys = list(redis.smembers(WORKERS.format(queue=queue)))[:MOST]
    found = [redis.hmget(key, ["last_heartbeat", "state"]) for key in keys]
    heard = [(state, _moment(heartbeat)) for heartbeat, state in found]
    return [WorkerStatus(queue, _text(state), moment) for state, moment in heard if moment is not None]


def _moment(value: object) -> datetime | None:
    """Return when a worker's heartbeat was; one that is gone has left no trace but its name."""
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(value: object) -> str:
    return value.decode(errors="replace")[:LONGEST] if isinstance(value, bytes) else ""
