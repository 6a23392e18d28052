"""How patient each kind of process is with the database, and who helps it there."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as SQLAlchemyTimeout

from app.extensions import db
from tests.system import build

SAID = text("""
select current_setting('statement_timeout'), current_setting('lock_timeout'),
       current_setting('idle_in_transaction_session_timeout'), current_setting('max_parallel_workers_per_gather')
""")


@pytest.mark.parametrize(
    ("process", "said"),
    [
        ("web", ("5s", "2s", "10s", "0")),
        ("worker", ("1min", "10s", "30s", "2")),
        ("tool", ("10min", "10s", "1min", "2")),
    ],
)
def test_a_page_waits_for_no_long_statement_and_for_no_helpers(
    worker_database: str, redis_url: str, process: str, said: tuple[str, str]
) -> None:
    system = build(worker_database, redis_url, process=process)
    with system.app.app_context():
        assert tuple(db.session().execute(SAID).one()) == said
    system.close()


def test_who_finds_no_free_connection_is_told_so_and_takes_none_beyond_the_ten(
    worker_database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Security.md T93: one process cannot use up what the server has for all."""
    system = build(worker_database, redis_url, process="web")
    with system.app.app_context():
        pool: Any = db.engine.pool
        assert pool._timeout <= 5
        held = [db.engine.connect() for _ in range(10)]
        monkeypatch.setattr(pool, "_timeout", 0.1)
        with pytest.raises(SQLAlchemyTimeout):
            db.engine.connect()
        for each in held:
            each.close()
        with db.engine.connect() as connection:
            assert connection.scalar(text("select 1"))
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
