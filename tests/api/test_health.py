"""Is it alive, is it ready, what does it count (reliability.md 3.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.exc import OperationalError

from app.blueprints.health import views
from app.extensions import db
from app.queries import schema_version

if TYPE_CHECKING:
    from tests.api.client import Api

TOKEN = "a token for the counters that is long enough"


def fails_with(fault: Exception) -> Any:
    def fail(*_: Any) -> Any:
        raise fault

    return fail


def set_up(api: Api, **changes: Any) -> None:
    extensions = api.system.app.extensions
    extensions["settings"] = extensions["settings"].model_copy(update=changes)


def test_it_is_alive_whatever_is_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_version, "current", fails_with(OperationalError("x", {}, Exception())))
    assert api.get("/health/live").json == {"status": "alive"}


def test_it_is_ready_when_the_database_is_at_head(api: Api) -> None:
    response = api.get("/health/ready")
    assert (response.status_code, response.json) == (200, {"status": "ready", "redis": "fine"})


def test_it_is_not_ready_before_the_migration(own_api: Api) -> None:
    own_api.system.sql("update alembic_version set version_num = '0001'")
    response = own_api.get("/health/ready")
    assert response.status_code == 503
    assert "run billing migrate" in response.json["status"]  # type: ignore[index]


def test_it_stays_ready_while_a_newer_version_moves_in(own_api: Api) -> None:
    """The documented order migrates first: a proxy that asks must not find every process of the old version gone."""
    own_api.system.sql("update alembic_version set version_num = '9999'")
    assert own_api.get("/health/ready").status_code == 200


def test_it_is_not_ready_without_tables(own_api: Api) -> None:
    own_api.system.sql("drop table alembic_version")
    assert own_api.get("/health/ready").status_code == 503


def test_it_is_not_ready_without_the_database(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_version, "current", fails_with(OperationalError("x", {}, Exception())))
    response = api.get("/health/ready")
    assert response.status_code == 503
    assert response.json["status"] == "the database does not answer"  # type: ignore[index]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("default_transaction_read_only", "on", "the database is read only"),
        # No room for what is laid aside for a moment: to PostgreSQL the same as a disk that is full.
        ("temp_file_limit", "0", "the database cannot write: look whether its disk is full"),
    ],
)
def test_it_is_not_ready_while_nothing_can_be_written_and_is_again_at_once(
    own_api: Api, servers: dict[str, str], setting: str, value: str, said: str
) -> None:
    name = own_api.system.scalar("select current_database()")

    def set_to(what: str) -> None:
        with psycopg.connect(servers["postgres"].replace("postgresql+psycopg", "postgresql"), autocommit=True) as there:
            there.execute(f"alter database {name} {what}")
        with own_api.system.app.app_context():
            db.engine.dispose()

    own_api.system.app.extensions.pop(views.TOOK_WRITES, None)
    set_to(f"set {setting} = {value}")
    for _ in range(2):
        response = own_api.get("/health/ready")
        assert (response.status_code, response.json["status"]) == (503, said)  # type: ignore[index]
    set_to(f"reset {setting}")
    assert own_api.get("/health/ready").status_code == 200


def test_that_it_takes_writes_is_not_asked_with_every_probe(own_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    own_api.system.app.extensions.pop(views.TOOK_WRITES, None)
    assert own_api.get("/health/ready").status_code == 200
    monkeypatch.setattr(views, "takes_writes", fails_with(OperationalError("x", {}, Exception())))
    assert own_api.get("/health/ready").status_code == 200
    own_api.system.app.extensions[views.TOOK_WRITES] = 0
    assert own_api.get("/health/ready").status_code == 503


def test_redis_is_reported_and_not_needed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "server_faults", fails_with(RedisAway("x")))
    response = api.get("/health/ready")
    assert (response.status_code, response.json) == (200, {"status": "ready", "redis": "away: ConnectionError"})


def test_the_counters_are_open_in_development(api: Api) -> None:
    response = api.get("/metrics")
    assert response.status_code == 200
    assert "python_info" in response.text


def test_elsewhere_the_counters_need_their_token(own_api: Api) -> None:
    set_up(own_api, development=False, metrics_token=SecretStr(TOKEN))
    assert own_api.get("/metrics", Authorization=f"Bearer {TOKEN}").status_code == 200
    for wrong in ("", "Bearer", "Bearer x", TOKEN[:-1], f"Bearer {TOKEN}x", "Bearer \u00e4"):
        assert own_api.get("/metrics", Authorization=wrong).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer"])
def test_without_a_token_the_counters_are_closed(own_api: Api, given: str) -> None:
    set_up(own_api, development=False, metrics_token=SecretStr(""))
    assert own_api.get("/metrics", Authorization=given).status_code == 404
