"""`billing up` and what the environment says of settings: refused before anything is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from app.config import SettingsFault, load_settings
from app.demo import environment
from app.demo.environment import Installation

if TYPE_CHECKING:
    from pathlib import Path

DATABASE, REDIS = "postgresql://x@/billing", "unix:///x"


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {name for name in os.environ if "_URL" in name or "SECRET" in name}:
        monkeypatch.delenv(name)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("of a mounted file\n")
    return path


def made(*, simulators: bool) -> Installation:
    ports = {name: 9000 + nth for nth, name in enumerate(environment.SIMULATORS)} if simulators else {}
    secrets = {name: f"{name} made up" for name in [*environment.OWN_SECRETS, *environment.SIMULATED_SECRETS]}
    return Installation("http://127.0.0.1:8080", ports, secrets | environment.given_secrets())


def up(data: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    left = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "up", "--port", "0", "--data", str(data), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=left | variables,
    )


def test_settings_that_cannot_be_used_are_refused_all_at_once_before_anything_is_made(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = up(data, "--no-simulators", EVERYPAY_BASE="nonsense", TARA_ACR="middling", SMTP_PORT="99999")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Error: 3 settings cannot be used:"
    assert {line.split(":")[0].strip() for line in done.stderr.splitlines()[1:]} == {
        "EVERYPAY_BASE",
        "TARA_ACR",
        "SMTP_PORT",
    }
    assert not done.stdout
    assert not data.exists()


def test_starting_over_deletes_nothing_where_it_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "billing.lock").touch()
    (tmp_path / "secrets.json").write_text("{}")
    assert up(tmp_path, "--fresh", LOG_LEVEL="loud").returncode == 1
    assert (tmp_path / "secrets.json").exists()


def test_settings_are_looked_for_without_loading_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        monkeypatch.delenv(name)
    assert not environment.says_settings()
    for name in ("EVERYPAY_BASE", "everypay_base", "TARA_SECRET_FILE"):
        with monkeypatch.context() as said:
            said.setenv(name, "x")
            assert environment.says_settings()


@pytest.mark.parametrize("name", ["SECRET_KEY", "BILLING_SECRET"])
@pytest.mark.parametrize("spelt", [str.upper, str.lower])
def test_our_own_secrets_may_come_from_files(
    name: str, spelt: type[str], secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(spelt(f"{name}_FILE"), str(secret))
    read = load_settings(environment.settings(made(simulators=True), DATABASE, REDIS))
    assert getattr(read, name.lower()).get_secret_value() == "of a mounted file"


def test_a_secret_named_twice_is_still_a_fault(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the environment")
    monkeypatch.setenv("SECRET_KEY_FILE", str(secret))
    with pytest.raises(SettingsFault, match="SECRET_KEY: is given twice"):
        load_settings(environment.settings(made(simulators=False), DATABASE, REDIS))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    done = up(tmp_path / "data", SECRET_KEY_FILE=str(tmp_path / "none"))
    assert (done.returncode, done.stderr) == (1, "Error: SECRET_KEY_FILE: no text file can be read there\n")


def test_a_file_for_a_provider_s_secret_gives_way_to_its_simulator(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERYPAY_KEY_FILE", str(secret))
    read = load_settings(environment.settings(made(simulators=True), DATABASE, REDIS))
    assert read.everypay.key.get_secret_value() == "EVERYPAY_KEY made up"
    read = load_settings(environment.settings(made(simulators=False), DATABASE, REDIS))
    assert read.everypay.key.get_secret_value() == "of a mounted file"


@pytest.mark.parametrize("name", ["database_url", "DATABASE_URL_FILE"])
def test_a_database_of_one_s_own_may_be_named_as_any_setting_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "postgresql://own@db.example/own"
    file = tmp_path / "url"
    file.write_text(own)
    monkeypatch.setenv(name, str(file) if name.endswith("FILE") else own)
    assert environment.said("DATABASE_URL") == own
    read = load_settings(environment.settings(made(simulators=True), environment.said("DATABASE_URL"), REDIS))
    assert read.database_url.get_secret_value().endswith("own@db.example/own")


@pytest.mark.parametrize("name", ["database_url", "DATABASE_URL_FILE", "DATABASE_URL"])
def test_a_command_that_names_another_database_is_not_about_the_system_beside(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "url"
    other.write_text("postgresql://other@/other")
    (tmp_path / environment.RUNNING).write_text('{"DATABASE_URL": "postgresql://beside@/beside", "PORT": "1"}')
    monkeypatch.setenv(name, str(other) if name.endswith("FILE") else other.read_text())
    environment.go_beside(tmp_path)
    assert environment.said("DATABASE_URL") == "postgresql://other@/other"
    assert os.environ.get("PORT") != "1"


def test_a_command_beside_a_system_whose_database_came_from_a_file_is_about_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = tmp_path / "url"
    url.write_text("postgresql://beside@/beside")
    (tmp_path / environment.RUNNING).write_text('{"DATABASE_URL": "postgresql://beside@/beside", "REDIS_URL": "y"}')
    monkeypatch.setenv("DATABASE_URL_FILE", str(url))
    with monkeypatch.context() as kept:
        kept.setattr(os, "environ", dict(os.environ))
        environment.go_beside(tmp_path)
        assert "DATABASE_URL_FILE" not in os.environ
        assert os.environ["REDIS_URL"] == "y"
