"""Which migration the database stands at."""

from __future__ import annotations

from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.extensions import db

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def current() -> str | None:
    """Return the revision of the database; None when it was never migrated."""
    return MigrationContext.configure(db.session.connection()).get_current_revision()


def head() -> str | None:
    """Return the revision this program needs."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()
