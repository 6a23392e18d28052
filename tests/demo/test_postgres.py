"""The embedded cluster survives whatever is done to its server, and is refused to the wrong programs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.demo.account import server_account
from app.demo.binaries import postgres_bin
from app.demo.child import spawn, stop
from app.demo.postgres import InitFailed, NoCluster, Postgres, WrongMajor
from app.demo.processes import NotStarted
from app.demo.servers import serving, socket_folder, wait_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture
def cluster() -> Iterator[Postgres]:
    home, sockets = Path(tempfile.mkdtemp(dir="/tmp")), socket_folder()
    home.chmod(0o711)
    account = server_account()
    yield Postgres(postgres_bin(account), home / "postgres", sockets, account)
    shutil.rmtree(home)
    shutil.rmtree(sockets)


def log(cluster: Postgres) -> Path:
    return cluster.data.with_suffix(".log")


def start(cluster: Postgres) -> subprocess.Popen[bytes]:
    cluster.prepare()
    with log(cluster).open("ab") as output:
        process = spawn(cluster.command(), output)
    wait_ready(cluster, process, log(cluster))
    return process


@pytest.mark.slow
def test_what_was_committed_survives_the_death_of_the_server(cluster: Postgres) -> None:
    first = start(cluster)
    cluster.ensure("billing", "billing")
    cluster.ask("billing", "create table kept as select 42 as answer", "billing")
    first.kill()
    first.wait()
    with serving(cluster, log(cluster)):
        assert cluster.ask("billing", "select answer from kept", "billing") == "42"


@pytest.mark.slow
def test_a_server_left_over_is_ended_before_the_next_one_starts(cluster: Postgres) -> None:
    orphan = start(cluster)
    try:
        with serving(cluster, log(cluster)):
            assert orphan.poll() is not None
            assert cluster.ask("postgres", "select 1") == "1"
    finally:
        stop(orphan, signal.SIGKILL, 5)


@pytest.mark.slow
def test_a_stale_file_that_names_another_program_is_removed_and_the_program_spared(cluster: Postgres) -> None:
    with serving(cluster, log(cluster)):
        pass
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (cluster.data / "postmaster.pid").write_text(f"{bystander.pid}\n{cluster.data}\n")
        if cluster.account:
            os.chown(cluster.data / "postmaster.pid", cluster.account.uid, cluster.account.gid)
        with serving(cluster, log(cluster)):
            assert cluster.ask("postgres", "select 1") == "1"
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.slow
def test_data_of_another_major_version_is_refused_with_a_cure(cluster: Postgres) -> None:
    cluster.prepare()
    (cluster.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(WrongMajor, match="--fresh"):
        cluster.prepare()


def test_ctrl_c_reaches_us_and_not_what_makes_a_cluster(tmp_path: Path) -> None:
    """Interrupted half way it would be told as a fault; done, it is stopped in order like everything else."""
    for name, says in (
        ("postgres", "echo postgres PostgreSQL 18.0"),
        ("initdb", "cut -d' ' -f5 /proc/$$/stat; exit 1"),
    ):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(0o755)
    with pytest.raises(InitFailed) as caught:
        Postgres(tmp_path, tmp_path / "data", tmp_path, None).prepare()
    assert int(str(caught.value)) != os.getpgid(0)


def test_a_folder_without_a_cluster_is_refused_with_the_way_out(cluster: Postgres) -> None:
    cluster.data.mkdir()
    (cluster.data / "base").mkdir()
    with pytest.raises(NoCluster, match="--fresh"):
        cluster.prepare()


@pytest.mark.slow
def test_an_interrupted_initdb_is_done_again(cluster: Postgres) -> None:
    half = cluster.data.with_name("postgres.half")
    half.mkdir()
    (half / "PG_VERSION").touch()
    with serving(cluster, log(cluster)):
        assert cluster.ask("postgres", "show data_checksums") == "on"


@pytest.mark.slow
def test_a_server_that_cannot_start_says_why(cluster: Postgres) -> None:
    wrong = replace(cluster, settings={"shared_buffers": "lots"})
    with pytest.raises(NotStarted, match="shared_buffers"), serving(wrong, log(cluster)):
        pass


def test_the_server_listens_on_no_port(cluster: Postgres) -> None:
    with serving(cluster, log(cluster)):
        assert cluster.ask("postgres", "show listen_addresses") == ""


def test_the_application_is_no_superuser(cluster: Postgres) -> None:
    with serving(cluster, log(cluster)):
        cluster.ensure("billing", "billing")
        cluster.ensure("billing", "billing")
        assert cluster.ask("postgres", "select rolsuper from pg_roles where rolname = 'billing'") == "f"
        assert cluster.ask("billing", "create extension unaccent; select 1", "billing") == "1"


@pytest.mark.skipif(not SYSTEM, reason="no PostgreSQL of the system is installed")
def test_the_servers_of_the_system_do_as_well(cluster: Postgres) -> None:
    own = replace(cluster, bin=SYSTEM[-1])
    with serving(own, log(own)):
        assert own.ask("postgres", "show data_checksums") == "on"
        assert own.ask("postgres", "select lower('ÕÄÖÜ')") == "õäöü"
