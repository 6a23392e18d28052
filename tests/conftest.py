"""Fixtures for the whole suite: real servers, one database per worker, no network but our own."""

from __future__ import annotations

import gc
import json
import os
import sys
from contextlib import ExitStack, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_socket import socket_allow_hosts
from redis import Redis

from app.demo.servers import throwaway_servers
from tests.database import Databases, roomiest
from tests.enumerations import mark_put_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live import Live
    from tests.system import System

# How long an example takes says something about the machine and nothing about the code.
hypothesis_settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("any machine")
ROOT = Path(__file__).parents[1]
SERVERS = pytest.StashKey[ExitStack]()
ADDRESSES = "BILLING_TEST_SERVERS"  # how the controller tells its workers


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once: the process that hands out the work starts them before its workers need them."""
    config.stash[SERVERS] = ExitStack()
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        _start_servers(config)


def pytest_collection(session: pytest.Session) -> None:
    """Load a share of the modules first, as each worker does: compiled anew, each is compiled by one and not by all."""
    worker: dict[str, Any] = getattr(session.config, "workerinput", {})
    if not worker:
        return
    places = [ROOT / each.partition("::")[0] for each in session.config.args]
    files = sorted({each for place in places for each in ([place] if place.is_file() else place.rglob("test_*.py"))})
    for file in files[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        with suppress(Exception, pytest.skip.Exception):  # what is wrong is told when the module is collected
            import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the members of long enumerations that wait, before those of other steps are left out."""
    mark_put_off(items)


def pytest_collection_finish() -> None:
    """Look for garbage rarely, and not among what stays: in a suite this large that took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 25, 50)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    config.stash[SERVERS].close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """Keep tests together that share a running system, where a step asks for groups."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from tests.shared_systems import SharedSystemScheduling  # noqa: PLC0415 - a worker has no scheduler to load

    return SharedSystemScheduling(config, log)


def _start_servers(config: pytest.Config) -> dict[str, str]:
    """Return where the servers are, starting them when nobody has: workers inherit the answer."""
    if ADDRESSES not in os.environ:
        postgres, valkey = config.stash[SERVERS].enter_context(throwaway_servers(str(roomiest())))
        os.environ[ADDRESSES] = json.dumps({"postgres": postgres.url("postgres"), "valkey": valkey.url()})
        config.stash[SERVERS].callback(os.environ.pop, ADDRESSES, None)
    addresses: dict[str, str] = json.loads(os.environ[ADDRESSES])
    return addresses


@pytest.fixture(autouse=True)
def _only_our_own_network() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the URLs of the servers all workers share: `postgres` (its maintenance database) and `valkey`."""
    return _start_servers(request.config)


@pytest.fixture(scope="session")
def databases(servers: dict[str, str]) -> Iterator[Databases]:
    """Return the maker of databases cloned from one that is migrated to the head."""
    made = Databases(servers["postgres"])
    yield made
    made.close()


@pytest.fixture(scope="session")
def redis_url(servers: dict[str, str], request: pytest.FixtureRequest) -> str:
    """Return the URL of this worker's own database in Valkey."""
    worker = getattr(request.config, "workerinput", {"workerid": "gw0"})["workerid"]
    return servers["valkey"].replace("db=0", f"db={int(worker.removeprefix('gw')) % 16}")


@cache
def _valkey(url: str) -> Redis:
    """Return the one connection by which this process forgets."""
    return Redis.from_url(url)


@pytest.fixture(autouse=True)
def _nobody_has_asked_too_often(request: pytest.FixtureRequest) -> None:
    """Forget what was counted before: the first session of each database is number one, to the one Valkey as well.

    And to the process, which counts by itself for a while after a test in which Valkey was away.
    """
    if "redis_url" in request.fixturenames:
        redis = _valkey(request.getfixturevalue("redis_url"))
        if counted := redis.keys("LIMITS*"):
            redis.delete(*counted)
    if loaded := sys.modules.get("app.web.limits"):
        limits: Any = loaded
        limits.COUNTER = limits._Counter()


@pytest.fixture(scope="session")
def worker_database(databases: Databases) -> Iterator[str]:
    """Return the URL of this worker's own database, for tests that leave nothing behind."""
    with databases.clone() as url:
        yield url


@pytest.fixture
def fresh_database(databases: Databases) -> Iterator[str]:
    """Return the URL of a migrated database of this test's own, for tests that commit."""
    with databases.clone() as url:
        yield url


@pytest.fixture
def empty_database(databases: Databases) -> Iterator[str]:
    """Return the URL of a database without tables, for tests of the migrations themselves."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def system(fresh_database: str, redis_url: str) -> Iterator[System]:
    """Return a whole system in this process, on a database of the test's own."""
    from tests.system import build  # noqa: PLC0415 - only tests of the application pay for loading it

    made = build(fresh_database, redis_url)
    yield made
    made.close()


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    """Return a running `billing up` with its demo data, shared by all tests that walk through it."""
    from tests.live import Live  # noqa: PLC0415

    running = Live.in_new_folder().start()
    yield running
    running.remove()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Return how Chromium is started: the system's own, quiet and without its network chatter."""
    from tests.browser import launch_arguments  # noqa: PLC0415 - only browser tests pay for looking

    return browser_type_launch_args | launch_arguments()
