"""Offers: which lanes have due work, and one stroke of the bell for each (reliability.md 3.7)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app.uow import session, transaction

REOFFER_S = 30

# By state, never by "last id seen": a row committed late is found like any other (reliability.md, result 6).
TAKE = text("""
update lane set offers = offers + 1, offered_until = now() + make_interval(secs => :reoffer)
 where id in (select id from lane
               where (offered_until is null or offered_until < now() or :forget)
                 and (paused_until is null or paused_until < now())
                 and exists (select 1 from outbox where outbox.lane_id = lane.id and outbox.state = 'pending'
                                and outbox.run_at <= now())
               for update skip locked)
returning id, name, queue, offers
""")
DUE = text("""
select id from lane where queue = :queue and (paused_until is null or paused_until < now())
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


def due_lanes(queue: str) -> list[int]:
    """Return the lanes of a queue with due work, for a worker that goes without Redis."""
    with transaction():
        return list(session().execute(DUE, {"queue": queue}).scalars())
