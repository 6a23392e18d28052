"""The doctor sees what is there, and names a cure for what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from app.config import SettingsFault, load_settings
from app.demo.doctor import Finding, Probe, examine, findings
from app.extensions import db
from app.factory import create_app
from app.services import initiator_keys
from tests.system import environment

if TYPE_CHECKING:
    import pytest
    from apiflask import APIFlask

    from tests.system import System


def of(found: list[Finding], what: str) -> list[Finding]:
    return [each for each in found if each.what == what]


def test_a_database_that_does_not_wait_for_the_disk_is_a_fault(system: System) -> None:
    found = list(findings(lambda: system.app))
    faults = {each.seen for each in of(found, "database") if each.fault}
    assert faults == {"fsync off", "full_page_writes off", "synchronous_commit off"}
    assert not of(found, "redis")[0].fault
    assert not of(found, "clock")[0].fault
    assert not of(found, "tables")[0].fault


def test_secrets_sealed_under_another_secret_key_are_a_fault(system: System) -> None:
    with system.app.app_context():
        initiator_keys.issue_key("auction")
    (found,) = of(list(findings(lambda: system.app)), "secrets")
    assert (found.seen, found.fault) == ("1 of 1 initiator keys readable, 0 of 0 webhook secrets readable", "")
    settings = system.app.extensions["settings"]
    system.app.extensions["settings"] = settings.model_copy(update={"secret_key": SecretStr("k" * 40)})
    (found,) = of(list(findings(lambda: system.app)), "secrets")
    assert found.seen == "0 of 1 initiator keys readable, 0 of 0 webhook secrets readable"
    assert found.fault.startswith("bring back the SECRET_KEY")


def test_a_database_without_tables_is_a_fault(empty_database: str, redis_url: str) -> None:
    app = create_app(load_settings(environment(empty_database, redis_url)))
    found = list(findings(lambda: app))
    with app.app_context():
        db.engine.dispose()
    assert "billing migrate" in of(found, "tables")[0].fault


def test_a_database_of_a_newer_version_asks_for_a_newer_program(system: System) -> None:
    system.sql("update alembic_version set version_num = '9999'")
    (found,) = of(list(findings(lambda: system.app)), "tables")
    assert found.seen == "at 9999"
    assert found.fault.startswith("of a newer version than this program")


def test_servers_that_are_away_are_faults_with_a_cure() -> None:
    away = environment("postgresql://x@127.0.0.1:1/x", "redis://127.0.0.1:1/0")
    found = list(findings(lambda: create_app(load_settings(away))))
    assert "DATABASE_URL" in of(found, "database")[0].fault
    assert "REDIS_URL" in of(found, "redis")[0].fault


def test_a_name_that_is_nearly_a_setting_is_told_and_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERYPAY_BAS", "https://pay.every-pay.eu/api/v4")
    away = environment("postgresql://x@127.0.0.1:1/x", "redis://127.0.0.1:1/0")
    told = of(list(findings(lambda: create_app(load_settings(away)))), "settings")
    said = "EVERYPAY_BAS: is no setting and is not read; did you mean EVERYPAY_BASE?"
    assert [(each.seen, each.fault) for each in told[1:]] == [(said, "")]


def test_every_fault_of_the_settings_is_told(capsys: object) -> None:
    def refuse() -> APIFlask:
        raise SettingsFault(["SECRET_KEY: is missing", "DATABASE_URL: is missing"])

    found = of(list(findings(refuse)), "settings")
    assert [(each.seen, each.fault) for each in found] == [("SECRET_KEY", "is missing"), ("DATABASE_URL", "is missing")]
    assert not examine(refuse)


def test_clocks_that_disagree_are_seen_and_a_slow_way_is_no_disagreement() -> None:
    assert Probe(100.0, 100.2, 103.0).skew_s == 0
    assert Probe(100.0, 97.0, 100.1).skew_s == 3.0
    assert Probe(100.0, 105.0, 100.5).skew_s == 4.5


def test_services_that_hear_nothing_are_named(system: System) -> None:
    seen = [each.seen for each in of(list(findings(lambda: system.app)), "initiators")]
    assert seen == ["hear nothing of their payments, no address is set: business_registry"]
