"""Offers: which lanes have due work, and one stroke of the bell for each (reliability.md 3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

REOFFER_S = 30

# By state, never by "last id seen": a row committed late is found like any other (reliability.md, result 6).
TAKE = text("""
update lane set offers = offers + 1, offered_until = now() + make_interval(secs => :reoffer)
 where id in (select id from lane
               where (offered_until is null or offered_until < now() or :forget)
                 and (paused_until is null or paused_until < now()) and stopped_at is null
                 and exists (select 1 from outbox where outbox.lane_id = lane.id and outbox.state = 'pending'
                                and outbox.run_at <= now())
               for update skip locked)
returning id, name, queue, offers
""")
WITHDRAW = text("update lane set offered_until = null where id = any(:ids)")
DUE = text("""
select id from lane where queue = :queue and (paused_until is null or paused_until < now()) and stopped_at is null
   and exists (select 1 from outbox where outbox.lane_id = lane.id and outbox.state = 'pending'
                  and outbox.run_at <= now())
 order by id
""")


@dataclass(frozen=True, slots=True)
class Offer:
    """One stroke: a lane with due work, numbered so that no two jobs share a name."""

    lane_id: int
    lane: str
    queue: str
    number: int

    @property
    def job_id(self) -> str:
        """Return the name of the job in Redis."""
        return f"lane-{self.lane_id}-{self.number}"


def take_offers(*, forget: bool = False) -> list[Offer]:
    """Take the offers that are due; each lane at most once in 30 s unless its worker began, or all with `forget`."""
    with transaction() as tx:
        return [Offer(*row) for row in tx.execute(TAKE, {"reoffer": REOFFER_S, "forget": forget})]


def withdraw(taken: Sequence[Offer]) -> None:
    """Take offers back that reached nobody, so that they are made again as soon as Redis answers."""
    with transaction() as tx:
        tx.execute(WITHDRAW, {"ids": [each.lane_id for each in taken]})


def due_lanes(queue: str) -> list[int]:
    """Return the lanes of a queue with due work, for a worker that goes without Redis."""
    with transaction():
        return list(session().execute(DUE, {"queue": queue}).scalars())
