"""How the system is, in words, with what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.blueprints.system_health.parts import proven
from app.queries.proofs import Run
from app.queue.job import QUEUES
from app.queue.store import connect, connection
from app.services import schedule
from app.services.dispatch import PERIODIC
from tests.web.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System
    from tests.web.browser import Browser, Portal


@pytest.fixture
def system(portal: Portal) -> Iterator[System]:
    yield portal.system
    with portal.system.app.app_context():
        for queue in QUEUES:
            connection().delete(f"rq:workers:{queue}", f"rq:worker:{queue}")
    portal.system.sql("update outbox set state = 'done' where state in ('dead', 'held')")
    portal.system.sql("update lane set failures = 0, paused_until = null")


def sign_on(system: System, queue: str, *, age_s: int = 0, heartbeat: str = "") -> None:
    """Let a worker have given a sign."""
    moment = heartbeat or (datetime.now(UTC) - timedelta(seconds=age_s)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with system.app.app_context():
        connection().sadd(f"rq:workers:{queue}", f"rq:worker:{queue}")
        connection().hset(f"rq:worker:{queue}", mapping={"last_heartbeat": moment, "state": "idle"})


def parts(browser: Browser) -> str:
    return Page(browser.get("/system-health").text).text("tbody")


def test_a_worker_that_is_missing_or_silent_is_told_with_the_cure(system: System, mary: Browser) -> None:
    sign_on(system, "money")
    sign_on(system, "notify", age_s=600)
    sign_on(system, "background", heartbeat="<script>nonsense")
    words = parts(mary)
    assert "Workers, queue money Well at work: 1" in words
    assert "Start one: billing worker notify." in words
    assert "Start one: billing worker background." in words
    assert "Start one: billing relay." in words


@pytest.mark.slow
def test_the_clock_is_late_until_its_work_is_done(system: System, mary: Browser) -> None:
    assert "late: asking about open payments" in parts(mary)
    with system.app.app_context():
        schedule.tick(tuple(PERIODIC))
    system.drain()
    assert "all on time" in parts(mary)


def test_a_destination_at_rest_and_what_is_stuck_are_shown(system: System, mary: Browser) -> None:
    system.sql(
        "update lane set failures = 3, paused_until = now() + interval '5 minutes' where name = 'initiator:eeid'"
    )
    system.sql(
        "insert into outbox (kind, dedupe_key, lane_id, state) select 'initiator.payment.notify', 'h-1', id, 'dead'"
        " from lane where name = 'initiator:eeid'"
    )
    page = mary.page("/system-health")
    assert "Rests: nobody answers there" in page.text("tbody")
    assert "1 given up, 0 wait for a person" in page.text("tbody")
    assert "/deliveries?state=dead&state=held" in page.links()


def test_what_the_doctor_finds_and_what_runs_is_shown(system: System, mary: Browser) -> None:
    html = mary.get("/system-health").text
    assert "fsync off" in html, "the servers of tests do not wait for the disk"
    assert str(system.scalar("select version_num from alembic_version")) in html
    assert "PostgreSQL" in html


def test_without_redis_the_page_says_so_and_what_happens_now(system: System, mary: Browser) -> None:
    extensions = system.app.extensions
    there = extensions.pop("redis", None)
    extensions["redis"] = connect("redis://127.0.0.1:1/0")
    try:
        words = parts(mary)
    finally:
        extensions.pop("redis")
        if there is not None:
            extensions["redis"] = there
    assert "workers take the work straight from the database" in words
    assert "billing worker" not in words


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, ("good", "everything holds")),
        ({"broken": 1}, ("bad", "broken")),
        ({"failed": 1}, ("warn", "1 check could not be made.")),
        ({"waiting": 2, "finished_at": None}, ("warn", "Being checked: 1 of 3.")),
    ],
)
def test_only_a_check_that_ended_well_says_that_everything_holds(
    system: System, counts: dict[str, Any], said: tuple[str, str]
) -> None:
    now = datetime.now(UTC)
    values: dict[str, Any] = {"finished_at": now, "broken": 0, "waiting": 0, "failed": 0} | counts
    with system.app.test_request_context():
        part = proven([Run(id=1, asked_by="clock", created_at=now, many=3, **values)])
    assert part.tone == said[0]
    assert part.seen.startswith(said[1])
