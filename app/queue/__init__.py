"""The bell: RQ carries one integer to a worker and is trusted with nothing more (decisions.md 17).

Everything in Redis may vanish or repeat at any time, and whoever can write there is a stranger. The work itself, its
leases and its retries live in PostgreSQL. Nothing outside this package knows RQ or Redis.
"""

from app.queue.bell import Bell, ring
from app.queue.census import Census, Seen, census
from app.queue.crash import Crash, attempt, patiently
from app.queue.job import ALLOWED, LANE_JOB_S, QUEUES, WORK_LANE, WORK_QUEUE, WORK_ROW, offer, resolve
from app.queue.store import UnsupportedServer, has_forgotten, server_faults
from app.queue.worker import UnknownQueue, run_worker

__all__ = [
    "ALLOWED",
    "LANE_JOB_S",
    "QUEUES",
    "WORK_LANE",
    "WORK_QUEUE",
    "WORK_ROW",
    "Bell",
    "Census",
    "Crash",
    "Seen",
    "UnknownQueue",
    "UnsupportedServer",
    "attempt",
    "census",
    "has_forgotten",
    "offer",
    "patiently",
    "resolve",
    "ring",
    "run_worker",
    "server_faults",
]
