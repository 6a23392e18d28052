"""One lane per destination: it is begun, rests while the other side is away, and heals with the first answer."""

from __future__ import annotations

import structlog
from sqlalchemy import text

from app.uow import transaction

BREAK_AFTER = 2  # transport failures in a row that pause a lane
PAUSES_S = (5, 15, 30, 60, 120, 300)
GONE_S = 3600
ALONE_S = 30

LOG = structlog.get_logger(__name__)

# A healthy lane may be offered again while it is worked, so that more workers help; a sick one is probed by one alone.
BEGIN = text("""
update lane set offered_until = case when failures > 0 then now() + make_interval(secs => :alone_s) end
 where id = :id and (paused_until is null or paused_until <= now())
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
    """Let the next news make a new offer and return the lane's failures in a row, or None while it is paused."""
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
