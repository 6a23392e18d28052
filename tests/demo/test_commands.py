"""The commands, typed wrongly or at the wrong moment: a sentence that says what to do, never a traceback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from app import cli
from app.commands import port_to_serve
from app.demo import datafolder
from app.demo.account import give, server_account
from tests.live import Live
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


@pytest.mark.parametrize("host", ["300.1.1.1", "localhost", "billing.example.ee", "::g", ""])
def test_a_host_that_is_no_address_is_said_in_a_sentence(host: str, redis_url: str) -> None:
    said = typed("web", "--host", host, "--port", "0", **environment(AWAY, redis_url))
    assert said.exit_code == 1
    assert "write one such as 127.0.0.1" in said.output.splitlines()[-1]


def test_a_port_another_program_has_is_said_in_a_sentence(redis_url: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        said = typed("web", "--port", str(other.getsockname()[1]), **environment(AWAY, redis_url))
    assert said.exit_code == 1
    assert "Address already in use; --host and --port name another" in said.output.splitlines()[-1]


def test_a_free_port_is_named_as_it_was_found() -> None:
    assert port_to_serve("127.0.0.1", 0) > 1023
    with socket.create_server(("127.0.0.1", 0)) as held:
        free = held.getsockname()[1]
    assert port_to_serve("127.0.0.1", free) == free


def test_going_back_needs_a_revision(redis_url: str) -> None:
    said = typed("migrate", "--down", **environment(AWAY, redis_url))
    assert (said.exit_code, "needs the --revision" in said.output) == (2, True)


@pytest.mark.parametrize("way", [(), ("--down",)])
def test_a_revision_nobody_made_is_said_in_a_sentence(way: tuple[str, ...], redis_url: str) -> None:
    said = typed("migrate", *way, "--revision", "9999", **environment(AWAY, redis_url))
    assert said.exit_code == 1
    assert said.output.splitlines()[-1].startswith("Error: There is no revision '9999': the newest ")


def test_a_web_process_that_still_loads_is_stopped_at_once() -> None:
    loading = """
        import os, signal, sys, types
        from app import cli
        signal.signal(signal.SIGTERM, lambda *_: None)  # as granian's parent leaves it
        sys.modules["app"] = types.ModuleType("app")
        sys.modules["app"].__getattr__ = lambda _: os.kill(os.getpid(), signal.SIGTERM)
        cli._web_application()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(loading)], check=False)
    assert done.returncode == -signal.SIGTERM


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


def run(*words: str, **variables: str) -> tuple[int, str]:
    """Return the exit code of a process of its own, and its last word: its connections end with it."""
    said = subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        env=os.environ | variables,
        check=False,
        capture_output=True,
        text=True,
    )
    return said.returncode, said.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_database_without_tables_is_said_in_a_sentence(empty_database: str, redis_url: str) -> None:
    sentence = "The tables are not those of this version: run `billing migrate`"
    assert run("issue-key", "registry", **environment(empty_database, redis_url)) == (1, f"Error: {sentence}")


@pytest.mark.slow
def test_a_database_that_takes_no_changes_is_said_in_a_sentence(fresh_database: str, redis_url: str) -> None:
    with psycopg.connect(fresh_database.replace("+psycopg", ""), autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("alter database {} set default_transaction_read_only = on").format(name))
    code, said = run("white-code", "add", "EE60001019906", **environment(fresh_database, redis_url))
    assert (code, "a standby or a role that only reads" in said) == (1, True)


@pytest.mark.slow
def test_a_role_without_rights_is_said_in_a_sentence(fresh_database: str, redis_url: str) -> None:
    with psycopg.connect(fresh_database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("revoke all on white_code from current_user")
    code, said = run("white-code", "list", **environment(fresh_database, redis_url))
    assert (code, "its role must own the database" in said) == (1, True)


def test_a_start_that_fails_leaves_no_sockets_and_no_word_of_a_running_system() -> None:
    failing = Live.in_new_folder()
    (failing.data / datafolder.LOCK).touch()
    (failing.data / "postgres").mkdir()
    (failing.data / "postgres" / "PG_VERSION").write_text("9")
    give(failing.data / "postgres", server_account())
    try:
        code, _ = run("up", "--port", "0", "--data", str(failing.data), DATABASE_URL="", REDIS_URL="")
        kept = {each.name for each in failing.data.iterdir()}
    finally:
        failing.remove()
    assert code == 1
    assert not kept & {"running.json", "endpoints.json", "sockets.json"}
