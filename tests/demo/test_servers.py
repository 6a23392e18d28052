"""The embedded servers are the real thing, and tests get their own corner of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import psycopg
import pytest
from redis import Redis

from app.demo.account import server_account
from app.demo.binaries import valkey_program
from app.demo.servers import serving, socket_folder
from app.demo.valkey import Valkey
from app.queue.store import server_faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def test_postgresql_answers_with_checksums_and_the_extensions_we_need(servers: dict[str, str]) -> None:
    with psycopg.connect(libpq(servers["postgres"])) as connection:
        checksums = connection.execute("show data_checksums").fetchone()
        named = connection.execute(
            "select count(*) from pg_available_extensions where name in ('pg_trgm', 'unaccent', 'btree_gin')"
        ).fetchone()
    assert checksums == ("on",)
    assert named == (3,)


def test_valkey_answers_and_evicts_nothing(redis_url: str) -> None:
    with Redis.from_url(redis_url) as valkey:
        assert valkey.ping()
        assert valkey.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Redis]:
    """Return a server of the test's own, whose settings it may change."""
    account = server_account()
    home = socket_folder()
    server = Valkey(valkey_program(account), home / "valkey", home, account, durable=False)
    with serving(server, tmp_path / "valkey.log"), Redis.from_url(server.url()) as client:
        yield client
    shutil.rmtree(home, ignore_errors=True)


def test_a_server_that_may_forget_work_is_named_with_its_cure(own_valkey: Redis) -> None:
    """Security.md T78."""
    assert server_faults(own_valkey) == []
    own_valkey.config_set("maxmemory-policy", "allkeys-lru")
    (said,) = server_faults(own_valkey)
    assert "allkeys-lru" in said
    assert "noeviction" in said
