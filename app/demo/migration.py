"""Bring the database's tables to what this version needs, and wait for a database that is still starting."""

from __future__ import annotations

import time
from pathlib import Path

import flask_migrate
from flask import current_app
from sqlalchemy.exc import OperationalError

from app.domain.errors import BillingError
from app.extensions import db
from app.queries import schema_version
from app.services.announcement_order import continue_after_history

FOLDER = str(Path(__file__).resolve().parents[2] / "migrations")
PATIENCE_S = 60.0


class NoSuchRevision(BillingError):
    """There is no migration of this name."""


def upgrade(revision: str = "head") -> None:
    """Go forward to the revision. Raises NoSuchRevision."""
    _check(revision)
    _bind()
    flask_migrate.upgrade(FOLDER, revision)
    if revision == "head":
        continue_after_history()


def downgrade(revision: str) -> None:
    """Go back to the revision. Raises NoSuchRevision."""
    _check(revision)
    _bind()
    flask_migrate.downgrade(FOLDER, revision)


def _check(revision: str) -> None:
    """Refuse a name nobody gave; steps such as -1 are the migration tool's own words."""
    if revision not in {"head", "base"} and revision[:1] not in {"+", "-"} and schema_version.is_newer(revision):
        raise NoSuchRevision(
            f"There is no revision {revision!r}: the newest of this version is {schema_version.head()}"
        )


def wait_for_database() -> None:
    """Return once the database lets us in. Raises OperationalError when it has not after a minute."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            db.engine.connect().close()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _bind() -> None:
    flask_migrate.Migrate(current_app, db)
