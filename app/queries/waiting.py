"""What waits for a person, counted for the navigation in one query over small partial indexes."""

from __future__ import annotations

from typing import NamedTuple

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


# One column for each field of `Waiting`, by its name.
COUNT = text("""
select (select count(*) from (select from refund where status = 'pending_approval' limit 100) few) as approvals,
       (select count(*) from (select from dispute where status in ('opened', 'under_review')
          limit 100) few) as disputes,
       (select count(*) from (select from surplus where refunded_minor + applied_minor + lost_minor < amount_minor
          limit 100) few) as credits,
       (select count(*) from (select from review_item where resolved_at is null limit 100) few) as questions,
       (select count(*) from (select from difference where mended_at is null limit 100) few) as differences,
       (select count(*) from (select from outbox where state in ('dead', 'held') limit 100) few) as stuck
""")


def count() -> Waiting:
    """Return what waits now."""
    return Waiting(**session().execute(COUNT).mappings().one())
