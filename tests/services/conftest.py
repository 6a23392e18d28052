"""Fixtures for the verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.receiver import Receiver
from tests.system import System, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Databases


@pytest.fixture(scope="module")
def shared_system(databases: Databases, redis_url: str) -> Iterator[System]:
    """Return a system that the tests of a module share: each looks at its own invoices only."""
    with databases.clone() as url:
        made = build(url, redis_url)
        yield made
        made.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a server that keeps what webhooks bring it."""
    with Receiver() as listening:
        yield listening


@pytest.fixture
def bare(fresh_database: str) -> Iterator[psycopg.Connection]:
    """Give a connection on which neither triggers nor foreign keys are in the way."""
    with psycopg.connect(fresh_database.replace("postgresql+psycopg://billing@", "postgresql://postgres@")) as given:
        given.execute("set session_replication_role = replica")
        given.commit()
        yield given
