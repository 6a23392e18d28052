"""Nobody works on a database that lacks tables, and nobody is silent about it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import make_url
from structlog.testing import capture_logs

from app.config import load_settings
from app.core import create_core
from app.extensions import db
from app.jobs import readiness
from app.queries import schema_version
from tests.database import migrate
from tests.system import environment

if TYPE_CHECKING:
    from pathlib import Path

WITHIN_S = 30


def test_the_revisions_are_those_the_migration_tool_knows() -> None:
    walked = [each.revision for each in ScriptDirectory(str(schema_version.MIGRATIONS)).walk_revisions()]
    assert list(schema_version._revisions()) == walked


@pytest.mark.parametrize("before", [None, "0047"], ids=["never migrated", "of the version before"])
def test_work_begins_when_the_tables_are_there(
    empty_database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    if before:
        migrate(empty_database, before)
    app = create_core(load_settings(environment(empty_database, redis_url)), process="worker")
    looks: list[float] = []

    def somebody_migrates(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            migrate(empty_database)

    monkeypatch.setattr(time, "sleep", somebody_migrates)
    with capture_logs() as said:
        readiness.with_tables(app)
    with app.app_context():
        db.engine.dispose()
    assert looks == [readiness.LOOK_S] * 2
    assert [(each["event"], each["log_level"]) for each in said] == [("database.behind", "warning")]
    assert "billing migrate" in said[0]["why"]


def test_a_database_that_is_away_is_outlived_and_not_waited_for(redis_url: str) -> None:
    nowhere = make_url("postgresql+psycopg://billing@127.0.0.1:1/billing").render_as_string()
    readiness.with_tables(create_core(load_settings(environment(nowhere, redis_url)), process="worker"))


@pytest.mark.slow
@pytest.mark.parametrize("command", [["worker", "money"], ["relay"]], ids=" ".join)
def test_a_process_says_what_is_to_be_done_and_ends_when_asked(
    empty_database: str, redis_url: str, tmp_path: Path, command: list[str]
) -> None:
    said = tmp_path / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *command],
            env=os.environ | environment(empty_database, redis_url),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + WITHIN_S
    while b"billing migrate" not in said.read_bytes():
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < deadline, said.read_text()
        time.sleep(0.1)
    process.terminate()
    process.wait(WITHIN_S)
    assert "raceback" not in said.read_text()
