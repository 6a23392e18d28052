"""Events through the outbox and a handler that does nothing, beside plain RQ with one job per event, in one run.

    .venv/bin/python -m bench.events

Ours is the real path: rows written in transactions, claimed under leases by `work_lane`, finished by compare-and-set,
durable (fsync on). The peers are RQ's forking Worker and its SimpleWorker, in one process each, without any durability.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from redis import Redis
from rq import Queue, SimpleWorker, Worker
from sqlalchemy import text

from bench.http import ROOT, durable_servers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rq.worker.base import BaseWorker

    from app.services.outbox import Claimed

EVENTS, FORKED, SIMPLE = 50_000, 300, 2_000
KIND = "bench.nothing"


def main() -> None:
    """Measure and print."""
    with durable_servers() as env:
        subprocess.run([sys.executable, "-m", "app.cli", "migrate"], env=env, cwd=ROOT, check=True, capture_output=True)
        os.environ.update(env)
        ours = _ours()
        redis = Redis.from_url(env["REDIS_URL"])
        forked = _peer(redis, Worker, FORKED)
        simple = _peer(redis, SimpleWorker, SIMPLE)
    print(f"events through the outbox   : {ours:8.0f} /s ({EVENTS} events, each handled once)")
    print(f"RQ, forking worker (default): {forked:8.0f} /s  ratio {ours / forked:.0f}")
    print(f"RQ, SimpleWorker            : {simple:8.0f} /s  ratio {ours / simple:.0f}")


def _ours() -> float:
    from app.config import load_settings  # noqa: PLC0415 - after the environment is set
    from app.domain.retry import BACKGROUND  # noqa: PLC0415
    from app.factory import create_app  # noqa: PLC0415
    from app.integrations import current  # noqa: PLC0415
    from app.services import delivery  # noqa: PLC0415
    from app.services.delivery import BatchHandler  # noqa: PLC0415
    from app.uow import transaction  # noqa: PLC0415

    seen: list[int] = []

    def handle(rows: Sequence[Claimed]) -> None:
        seen.extend(row.id for row in rows)

    app = create_app(load_settings(), process="worker")
    with app.app_context():
        with transaction() as tx:
            lane = tx.scalar(text("insert into lane (name, queue) values ('bench', 'background') returning id"))
            tx.execute(
                text(
                    "insert into outbox (kind, dedupe_key, lane_id) "
                    "select :kind, n, :lane from generate_series(1, :n) n"
                ),
                {"kind": KIND, "lane": lane, "n": EVENTS},
            )
        began = time.perf_counter()
        while delivery.work_lane(int(lane or 0), {KIND: BatchHandler(handle, BACKGROUND)}, current()):
            pass
        seconds = time.perf_counter() - began
        with transaction() as tx:
            done = tx.scalar(text("select count(*) from outbox where kind = :kind and state = 'done'"), {"kind": KIND})
    assert done == EVENTS
    assert len(seen) == len(set(seen)) == EVENTS
    return EVENTS / seconds


def _peer(redis: Redis, kind: type[BaseWorker], events: int) -> float:
    redis.flushdb()
    queue = Queue("bench", connection=redis)
    for number in range(events):
        queue.enqueue("operator.neg", number, result_ttl=0)
    worker = kind([queue], connection=redis)
    began = time.perf_counter()
    worker.work(burst=True, logging_level="WARNING")
    seconds = time.perf_counter() - began
    assert len(queue) == 0
    assert queue.failed_job_registry.count == 0
    return events / seconds


if __name__ == "__main__":
    main()
