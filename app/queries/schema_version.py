"""Which migration the database stands at."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def current(connection: Connection) -> str | None:
    """Return the revision of the database; None when it was never migrated."""
    if connection.scalar(text("select to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("select version_num from alembic_version"))
    return revision


@cache
def head() -> str | None:
    """Return the revision this program needs; every migration is read for it, once."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - the first page is served without it

    return ScriptDirectory(str(MIGRATIONS)).get_current_head()
