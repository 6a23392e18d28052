"""Whether the database takes writes, found out without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

READ_ONLY = text("select current_setting('transaction_read_only') = 'on'")
# More rows than so little memory holds: PostgreSQL lays them on its disk for a moment. No table grows.
LITTLE_MEMORY = text("set local work_mem = '64kB'")
LAID_ASIDE = text("select count(*) from generate_series(1, 10000)")


def takes_writes(connection: Connection) -> bool:
    """Return whether this is no replica and not switched to reading. Raises DBAPIError when its disk takes no more."""
    if connection.scalar(READ_ONLY):
        return False
    connection.execute(LITTLE_MEMORY)
    connection.scalar(LAID_ASIDE)
    return True
