"""Which migration the database stands at."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
REVISION = re.compile(r"""^revision = ["'](\w+)""", re.MULTILINE)
DOWN = re.compile(r"""^down_revision = ["'](\w+)""", re.MULTILINE)


def current(connection: Connection) -> str | None:
    """Return the revision of the database; None when it was never migrated."""
    if connection.scalar(text("select to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("select version_num from alembic_version"))
    return revision


def is_behind(connection: Connection) -> bool:
    """Return whether the database lacks tables of this program.

    A revision we do not know is of a newer version. It takes nothing away from us: while it is brought in, processes
    of both versions serve, the old ones until the new ones are there.
    """
    there = current(connection)
    return there is None or there in _revisions()[1:]


def is_newer(there: str | None) -> bool:
    """Return whether a revision is one that only a newer version of this program knows."""
    return there is not None and there not in _revisions()


def head() -> str | None:
    """Return the revision this program needs."""
    return next(iter(_revisions()), None)


@cache
def _revisions() -> tuple[str, ...]:
    """Return every revision of this program, the newest first.

    Read from the migrations' files, as each worker asks when it starts: loading the tool for it takes half a second.
    """
    texts = [path.read_text(encoding="utf-8") for path in (MIGRATIONS / "versions").glob("*.py")]
    following = {_said(DOWN, each): _said(REVISION, each) for each in texts}
    found = [following[None]]
    while found[-1] in following:
        found.append(following[found[-1]])
    return tuple(str(each) for each in reversed(found))


def _said(what: re.Pattern[str], migration: str) -> str | None:
    said = what.search(migration)
    return said[1] if said else None
