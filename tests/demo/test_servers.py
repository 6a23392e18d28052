"""The embedded servers are the real thing, and tests get their own corner of them."""

from __future__ import annotations

import psycopg
from redis import Redis


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
