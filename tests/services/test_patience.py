"""How patient each kind of process is with the database, and who helps it there."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.extensions import db
from tests.system import build

SAID = text("select current_setting('statement_timeout'), current_setting('max_parallel_workers_per_gather')")


@pytest.mark.parametrize(
    ("process", "said"), [("web", ("5s", "0")), ("worker", ("1min", "2")), ("tool", ("10min", "2"))]
)
def test_a_page_waits_for_no_long_statement_and_for_no_helpers(
    worker_database: str, redis_url: str, process: str, said: tuple[str, str]
) -> None:
    system = build(worker_database, redis_url, process=process)
    with system.app.app_context():
        assert tuple(db.session().execute(SAID).one()) == said
    system.close()


def test_a_network_that_swallows_everything_is_noticed_within_a_minute(worker_database: str, redis_url: str) -> None:
    system = build(worker_database, redis_url)
    with system.app.app_context():
        connection = db.session().connection().connection.driver_connection
        assert connection
        said = {name: int(value) for name, value in connection.info.get_parameters().items() if value.isdigit()}
        db.session.remove()
    system.close()
    assert said["tcp_user_timeout"] <= 60_000
    assert said["keepalives_idle"] + said["keepalives_interval"] * said["keepalives_count"] <= 60
