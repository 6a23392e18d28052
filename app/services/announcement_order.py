"""The order of public events after a dump was restored into another cluster, where transactions are counted anew."""

from __future__ import annotations

import structlog
from sqlalchemy import text

from app.uow import transaction

LOG = structlog.get_logger(__name__)


def continue_after_history() -> bool:
    """Let new events come behind those that were restored, if any were; return whether that was needed.

    Without it a reader's cursor, which stands in the old counting, would pass every new event.
    """
    with transaction() as tx:
        mended = bool(tx.scalar(text("select mend_announcement_epoch()")))
    if mended:
        LOG.warning("announcements.counted_on")
    return mended
