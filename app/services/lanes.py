"""One lane per destination: it is begun, rests while the other side is away, and heals with the first answer.

Beside that a person may stop a lane, and nothing but a person lets it go again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select, text

from app.domain.errors import Conflict, NotFound
from app.models.base import DEFAULT_TENANT
from app.models.lane import OURS, Lane
from app.services import timeline
from app.uow import retried, ring_after_commit, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.services.timeline import Actor

BREAK_AFTER = 2  # transport failures in a row that pause a lane
PAUSES_S = (5, 15, 30, 60, 120, 300)
GONE_S = 3600
ALONE_S = 30

LOG = structlog.get_logger(__name__)

# A healthy lane may be offered again while it is worked, so that more workers help; a sick one is probed by one alone.
BEGIN = text("""
update lane set offered_until = case when failures > 0 then now() + make_interval(secs => :alone_s) end
 where id = :id and (paused_until is null or paused_until <= now()) and stopped_at is null
returning failures
""")
FAILED = text("""
update lane set failures = failures + 1, offered_until = null,
       paused_until = case when failures + 1 >= :break_after
           then now() + make_interval(secs => (cast(:pauses_s as int[]))[least(failures + 2 - :break_after, :longest)])
       end
 where id = :id
returning name, failures, paused_until is not null as paused
""")
RECOVERED = text("update lane set failures = 0, paused_until = null, offered_until = null where id = :id")
GONE = text("""
update lane set paused_until = now() + make_interval(secs => :gone_s), offered_until = null where id = :id
returning name
""")


def begin(lane_id: int) -> int | None:
    """Let the next news make a new offer; return the lane's failures in a row, or None while it rests or is stopped."""
    with transaction() as tx:
        failures: int | None = tx.scalar(BEGIN, {"id": lane_id, "alone_s": ALONE_S})
    return failures


def failed(lane_id: int) -> None:
    """Count a transport failure; from the second in a row the lane rests, longer each time (reliability.md 3.10)."""
    values = {"id": lane_id, "break_after": BREAK_AFTER, "pauses_s": list(PAUSES_S), "longest": len(PAUSES_S)}
    with transaction() as tx:
        lane = tx.execute(FAILED, values).one()
    if lane.paused:
        LOG.warning("lane.resting", lane=lane.name, failures=lane.failures)


def recovered(lane_id: int) -> None:
    """Forget the failures: the other side answers again."""
    with transaction() as tx:
        tx.execute(RECOVERED, {"id": lane_id})


def gone(lane_id: int) -> None:
    """Pause a lane whose endpoint says it is gone for good, and raise the alarm; it is asked again each hour."""
    with transaction() as tx:
        name = tx.scalar(GONE, {"id": lane_id, "gone_s": GONE_S})
    LOG.error("lane.gone", alarm=True, lane=name)


@retried
def stop(lane_id: int, *, by: Actor, reason: str) -> None:
    """Send nothing more to this destination until somebody lets it go; what is under way ends first.

    Raises NotFound, Conflict when it is stopped already or is work of our own, which nothing would make up for.
    """
    with transaction() as tx:
        lane = _locked(tx, lane_id)
        if lane.name in OURS:
            raise Conflict("This is work of our own, not a destination: it is not stopped by hand")
        if lane.stopped_at is not None:
            raise Conflict(f"It is stopped already: {lane.stopped_why}")
        lane.stopped_at = tx.scalar(text("select clock_timestamp()"))
        lane.stopped_by = str(by)
        lane.stopped_why = reason
        timeline.record("lane.stopped", actor=by, reason=reason, data={"lane": lane.name}, tenant_id=DEFAULT_TENANT)


@retried
def resume(lane_id: int, *, by: Actor, reason: str) -> None:
    """Send again at once, whoever or whatever kept the lane from it. Raises NotFound, Conflict when nothing does."""
    with transaction() as tx:
        lane = _locked(tx, lane_id)
        if lane.stopped_at is None and lane.paused_until is None and not lane.failures:
            raise Conflict("Nothing keeps it from sending")
        lane.stopped_at = lane.stopped_by = lane.stopped_why = None
        lane.paused_until = lane.offered_until = None
        lane.failures = 0
        timeline.record("lane.let_go", actor=by, reason=reason, data={"lane": lane.name}, tenant_id=DEFAULT_TENANT)
        ring_after_commit()


def _locked(tx: Session, lane_id: int) -> Lane:
    wanted = select(Lane).where(Lane.id == lane_id).with_for_update().execution_options(populate_existing=True)
    lane = tx.scalars(wanted).one_or_none()
    if lane is None:
        raise NotFound("destination", lane_id)
    return lane
