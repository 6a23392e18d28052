"""Fixtures for the verbs: a whole system on a database of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system import System, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Databases


@pytest.fixture
def system(fresh_database: str, redis_url: str) -> Iterator[System]:
    """Return the system; its connections are closed before its database is dropped."""
    made = build(fresh_database, redis_url)
    yield made
    with made.app.app_context():
        from app.extensions import db  # noqa: PLC0415

        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def shared_system(databases: Databases, redis_url: str) -> Iterator[System]:
    """Return a system that the tests of a module share: each looks at its own invoices only."""
    with databases.clone() as url:
        made = build(url, redis_url)
        yield made
        made.close()
