"""The relay: it finds by state what is due, and Redis can neither stop it nor make it forget."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from redis import Redis

from app.extensions import db
from app.jobs import relay
from app.jobs.relay import Relay
from app.queue import PATIENCE
from app.queue.job import queue_named
from app.services import outbox
from app.uow import transaction
from tests.system import build

if TYPE_CHECKING:
    from tests.system import System

KIND, LANE = "test.nobody.knows", "initiator:registry"
WRITERS, ROWS = 6, 250


def owe(prefix: str = "", count: int = 1) -> None:
    with transaction():
        for number in range(count):
            outbox.post(KIND, f"{prefix}{number}", lane=LANE, payload={}, tenant_id=1)


def test_lanes_are_offered_again_as_soon_as_redis_is_back(fresh_database: str, redis_url: str) -> None:
    away: System = build(fresh_database, "redis://127.0.0.1:1/0")
    with away.app.app_context():
        owe()
        assert Relay().look() == 0
        db.session.remove()
    away.close()
    back = build(fresh_database, redis_url)
    Redis.from_url(redis_url).flushdb()
    with back.app.app_context():
        assert Relay().look() >= 1
        db.session.remove()
    back.close()
    assert len(queue_named("notify", Redis.from_url(redis_url))) == 1


def test_offers_are_made_again_when_redis_has_lost_them(system: System, redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    redis.flushdb()
    with system.app.app_context():
        owe()
        assert Relay().look() >= 1
        assert Relay().look() == 0
        redis.flushdb()
        assert Relay().look() >= 1
        db.session.remove()
    assert len(queue_named("notify", redis)) == 1


@pytest.mark.slow
def test_no_row_of_a_late_commit_is_passed_over(system: System, fresh_database: str) -> None:
    """Six writers, 250 rows each, whose commits come in another order than their ids (reliability.md, result 6)."""
    plain = fresh_database.replace("postgresql+psycopg://", "postgresql://")
    done = threading.Event()

    def write(who: int) -> None:
        with psycopg.connect(plain) as connection:
            for first in range(0, ROWS, 10):
                for number in range(first, first + 10):
                    connection.execute(
                        "insert into outbox (kind, dedupe_key, lane_id) select %s, %s, id from lane where name = %s",
                        [KIND, f"{who}-{number}", LANE],
                    )
                    time.sleep(0.0005 * who)
                connection.commit()

    def claim() -> list[int]:
        found: list[int] = []
        with system.app.app_context():
            lane = int(system.scalar(f"select id from lane where name = '{LANE}'"))
            while True:
                last = done.is_set()
                with transaction():
                    rows = outbox.claim_lane(lane, limit=50, lease_s=600)
                found += [row.id for row in rows]
                if last and not rows:
                    break
            db.session.remove()
        return found

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        claimers = [pool.submit(claim) for _ in range(2)]
        list(pool.map(write, range(WRITERS)))
        done.set()
        claimed = [row for each in claimers for row in each.result()]
    assert len(claimed) == len(set(claimed)) == WRITERS * ROWS
    assert claimed != sorted(claimed)


@pytest.mark.slow
def test_the_relay_outlives_a_database_that_hangs_up_and_ends_when_asked(
    system: System, fresh_database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PATIENCE, "hurried_at", None)  # given back: other tests wait longer
    redis = Redis.from_url(redis_url)
    redis.flushdb()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    offered: list[int] = []

    def disturb() -> None:
        time.sleep(0.5)
        plain = fresh_database.replace("postgresql+psycopg://billing@", "postgresql://postgres@")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where usename = 'billing' and datname = current_database()"
            )
            connection.execute(
                "insert into outbox (kind, dedupe_key, lane_id) select %s, 'after', id from lane where name = %s",
                [KIND, LANE],
            )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not offered:
            offered.extend([1] * len(queue_named("notify", redis)))
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    disturbance = threading.Thread(target=disturb)
    disturbance.start()
    try:
        relay.run(system.app)
    finally:
        disturbance.join()
        for number, handler in before.items():
            signal.signal(number, handler)
    assert offered == [1]
