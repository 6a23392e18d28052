"""The relay: frees what was dropped, owes what the clock asks, rings for what is due. Any number may run."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import structlog

from app.jobs.readiness import with_tables
from app.queue import PATIENCE, WORK_LANE, Bell, Crash, attempt, offer, was_wiped
from app.services import offers, reaper, schedule
from app.services.dispatch import OUTBOX, PERIODIC

if TYPE_CHECKING:
    from flask import Flask

LOOK_S = 0.25
REAP_EVERY_S = 2.0
TICK_EVERY_S = 1.0
CRASH_PAUSE_S = 1.0
LOG = structlog.get_logger(__name__)


class Relay:
    """One relay's memory: when it last did what need not be done on every pass."""

    def __init__(self) -> None:
        self.stopping = False
        self._due: dict[str, float] = {}

    def stop(self, *_signal: object) -> None:
        """End after the current pass."""
        PATIENCE.hurry()
        self.stopping = True

    def look(self) -> int:
        """Do one pass and return how many offers Redis took."""
        if self._is_time("reap", REAP_EVERY_S):
            reaper.reap(OUTBOX)
        wiped = False
        if self._is_time("tick", TICK_EVERY_S):
            schedule.tick(tuple(PERIODIC))
            wiped = was_wiped()
        taken = offers.take_offers(forget=wiped)
        for position, each in enumerate(taken):
            if not offer(each.queue, WORK_LANE, each.lane_id, job_id=each.job_id):
                # Redis is away: the workers notice by themselves, and the bell is for the moment it is back.
                offers.withdraw(taken[position:])
                return position
        return len(taken)

    def _is_time(self, what: str, every_s: float) -> bool:
        moment = time.monotonic()
        if self._due.get(what, 0.0) > moment:
            return False
        self._due[what] = moment + every_s
        return True


def run(app: Flask) -> None:
    """Look every 250 ms, or at once when the bell rings, until SIGTERM or SIGINT."""
    with_tables(app)
    relay, bell = Relay(), Bell(app)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, relay.stop)
    while not relay.stopping:
        with app.app_context():
            result = attempt(relay.look)
        if isinstance(result, Crash):
            time.sleep(CRASH_PAUSE_S)
        else:
            bell.wait(LOOK_S)
    bell.close()
