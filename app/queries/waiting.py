"""What waits for a person, counted for the navigation in one query over small partial indexes."""

from __future__ import annotations

from typing import NamedTuple

from flask import g
from sqlalchemy import text

from app.queries.session import session


class Waiting(NamedTuple):
    """How many of each kind wait, counted up to a hundred."""

    approvals: int
    disputes: int
    credits: int
    questions: int
    differences: int
    stuck: int

    def number(self, name: str | None) -> int:
        """Return the count of this name, 0 for none."""
        return int(getattr(self, name)) if name else 0


COUNT = text("""
select (select count(*) from (select 1 from refund where status = 'pending_approval' limit 100) a),
       (select count(*) from (select 1 from dispute where status in ('opened', 'under_review') limit 100) b),
       (select count(*) from (select 1 from surplus where refunded_minor + applied_minor + lost_minor < amount_minor
          limit 100) c),
       (select count(*) from (select 1 from review_item where resolved_at is null limit 100) d),
       (select count(*) from (select 1 from difference where mended_at is null limit 100) e),
       (select count(*) from (select 1 from outbox where state in ('dead', 'held') limit 100) f)
""")


def now() -> Waiting:
    """Return what waits, asked once a request."""
    found: Waiting | None = g.get("waiting")
    if found is None:
        found = Waiting(*session().execute(COUNT).one())
        g.waiting = found
    return found
