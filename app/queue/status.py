"""Who is at work: the workers and relays that have signed on at Redis. What is read there is a stranger's letter."""

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
class Seen:
    """One worker: what it works on, whether it is busy, and when it last gave a sign."""

    queue: str
    state: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Census:
    """Who is at work; None while Redis is away, when workers go without it and cannot be counted."""

    workers: tuple[Seen, ...]
    relays: int
    version: str


def census() -> Census | None:
    """Return who is at work, or None when Redis does not answer."""
    try:
        redis = connection()
        workers = [seen for queue in QUEUES for seen in _workers(redis, queue)]
        listening = redis.pubsub_numsub(CHANNEL)
        version = str(redis.info("server").get("redis_version", ""))[:LONGEST]
        return Census(tuple(workers), int(listening[0][1]) if listening else 0, version)
    except (RedisError, OSError):
        return None


def _workers(redis: Redis, queue: str) -> list[Seen]:
    keys = list(redis.smembers(WORKERS.format(queue=queue)))[:MOST]
    found = [redis.hmget(key, ["last_heartbeat", "state"]) for key in keys]
    return [Seen(queue, _text(state), at) for heartbeat, state in found if (at := _moment(heartbeat)) is not None]


def _moment(value: object) -> datetime | None:
    """Return when a worker last gave a sign; one that is gone has left no trace but its name."""
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(value: object) -> str:
    return value.decode(errors="replace")[:LONGEST] if isinstance(value, bytes) else ""
