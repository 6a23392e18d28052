"""The bell: RQ carries one integer to a worker and is trusted with nothing more (decisions.md 17).

Everything in Redis may vanish or repeat at any time, and whoever can write there is a stranger. The work itself, its
leases and its retries live in PostgreSQL. Nothing outside this package knows RQ or Redis.
"""

from app.queue.bell import Bell, ring
from app.queue.crash import PATIENCE, Crash, DatabaseStayedAway, attempt, attempt_through_outage
from app.queue.job import ALLOWED, LANE_JOB_S, QUEUES, WORK_LANE, WORK_QUEUE, WORK_ROW, offer, resolve
from app.queue.status import QueueStatus, WorkerStatus, queue_status
from app.queue.store import UnsupportedServer, server_faults, was_wiped
from app.queue.worker import UnknownQueue, run_worker

__all__ = [
    "ALLOWED",
    "LANE_JOB_S",
    "PATIENCE",
    "QUEUES",
    "WORK_LANE",
    "WORK_QUEUE",
    "WORK_ROW",
    "Bell",
    "Crash",
    "DatabaseStayedAway",
    "QueueStatus",
    "UnknownQueue",
    "UnsupportedServer",
    "WorkerStatus",
    "attempt",
    "attempt_through_outage",
    "offer",
    "queue_status",
    "resolve",
    "ring",
    "run_worker",
    "server_faults",
    "was_wiped",
]
