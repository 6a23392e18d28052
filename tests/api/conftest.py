"""Fixtures for the API: one system per module for stories that share it, one of its own for those that use it up."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.api.client import Api
from tests.system import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Databases


@contextmanager
def _running(database_url: str, redis_url: str) -> Iterator[Api]:
    made = build(database_url, redis_url)
    yield Api(made)
    made.close()


@pytest.fixture(scope="module")
def api(databases: Databases, redis_url: str) -> Iterator[Api]:
    """Return the API of a system that the tests of a module share."""
    with databases.clone() as url, _running(url, redis_url) as running:
        yield running


@pytest.fixture
def own_api(fresh_database: str, redis_url: str) -> Iterator[Api]:
    """Return the API of a system of this test's own."""
    with _running(fresh_database, redis_url) as running:
        yield running
