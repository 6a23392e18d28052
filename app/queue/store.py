"""Redis or Valkey: how it is reached, how long it may keep us waiting, and what it must be able to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry
from redis.sentinel import Sentinel

from app.domain.errors import BillingError

if TYPE_CHECKING:
    from flask import Flask

CONNECT_TIMEOUT_S = 0.5
ANSWER_TIMEOUT_S = 1.0  # both reliability.md 3.10
OLDEST = (6, 2)  # BLMOVE, without which a worker killed at the wrong moment loses its job
SENTINEL_PORT = 26379
MEMORY_MARK = "billing:remembers"


class UnsupportedServer(BillingError):
    """The Redis server is older than 6.2."""


def connect(url: str, *, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> Redis:
    """Return a client of the server at `url` (redis, rediss, unix, or redis+sentinel://host,host/service/db).

    One repeat on a broken connection, because pooled ones break when the server restarts.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": answer_timeout_s,
        "retry": Retry(NoBackoff(), 1),
    }
    if not url.startswith("redis+sentinel://"):
        return Redis.from_url(url, **options)
    parts = urlsplit(url)
    hosts = [host.partition(":") for host in parts.netloc.rpartition("@")[2].split(",")]
    service, _, number = parts.path.strip("/").partition("/")
    addresses = [(host, int(port or SENTINEL_PORT)) for host, _, port in hosts]
    sentinel = Sentinel(addresses, **options)  # type: ignore[no-untyped-call]
    master = sentinel.master_for(service, db=int(number or 0), password=parts.password)  # type: ignore[no-untyped-call]
    return cast("Redis", master)


def url_of(app: Flask) -> str:
    """Return where the application's Redis is."""
    url: str = app.extensions["settings"].redis_url.get_secret_value()
    return url


def connection() -> Redis:
    """Return the client this application shares, for commands that answer at once."""
    extensions = current_app.extensions
    if "redis" not in extensions:
        extensions["redis"] = connect(url_of(current_app))
    return cast("Redis", extensions["redis"])


def was_wiped() -> bool:
    """Return True once after the server lost its memory (a restart without a file, FLUSHALL, a new server).

    Work offered before that is offered again at once instead of after 30 s. A silent server has forgotten nothing yet.
    """
    try:
        return bool(connection().set(MEMORY_MARK, 1, nx=True))
    except RedisError:
        return False


def server_faults(redis: Redis | None = None) -> list[str]:
    """Return what is wrong with the server, in sentences; none when all is well.

    Raises UnsupportedServer when it is too old to be used at all, RedisError when it does not answer.
    """
    redis = redis or connection()
    version = str(redis.info("server")["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise UnsupportedServer(f"Redis {version} is too old: 6.2 or newer is needed")
    policy = _memory_policy(redis)
    if policy in {"noeviction", "unknown"}:
        return []
    return [f"Redis may evict waiting jobs (maxmemory-policy {policy}): set it to noeviction"]


def _memory_policy(redis: Redis) -> str:
    try:
        return str(redis.config_get("maxmemory-policy").get("maxmemory-policy", "unknown"))
    except ResponseError:  # managed servers forbid CONFIG
        return "unknown"
