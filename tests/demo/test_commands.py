"""The commands, typed wrongly or at the wrong moment: a sentence that says what to do, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from app import cli
from tests.system import environment

AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


def typed(*words: str, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(cli.main, words)


@pytest.mark.parametrize("port", ["-1", "65536"])
@pytest.mark.parametrize("command", ["up", "web"])
def test_a_port_that_is_none_is_refused(command: str, port: str) -> None:
    said = typed(command, "--port", port)
    assert (said.exit_code, "0<=x<=65535" in said.output) == (2, True)


@pytest.mark.parametrize("option", ["--workers", "--threads"])
def test_there_is_a_worker_and_a_thread(option: str) -> None:
    said = typed("web", option, "0")
    assert (said.exit_code, "x>=1" in said.output) == (2, True)


def test_the_web_server_refuses_bad_settings_before_it_listens(redis_url: str) -> None:
    said = typed("web", "--port", "0", **environment(AWAY, redis_url) | {"TIMEOUT_IS_SEC": "soon"})
    assert said.exit_code == 1
    assert "TIMEOUT_IS_SEC" in said.output
    assert "listening" not in said.output


@pytest.mark.parametrize("words", [("verify",), ("issue-key", "registry"), ("migrate",), ("white-code", "list")])
def test_a_database_that_is_away_is_said_in_a_sentence(words: tuple[str, ...], redis_url: str) -> None:
    said = typed(*words, **environment(AWAY, redis_url))
    assert said.exit_code == 1
    assert said.output.splitlines()[-1].startswith("Error: The database is not reached: ")


def test_a_database_without_tables_is_said_in_a_sentence(empty_database: str, redis_url: str) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "app.cli", "issue-key", "registry"],
        env=os.environ | environment(empty_database, redis_url),
        check=False,
        capture_output=True,
        text=True,
    )
    sentence = "The tables are not those of this version: run `billing migrate`"
    assert (said.returncode, said.stderr.splitlines()[-1]) == (1, f"Error: {sentence}")
