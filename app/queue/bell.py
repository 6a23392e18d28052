"""Ringing the relay when something new is owed, and hearing it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from flask import current_app
from redis.exceptions import RedisError

from app.queue.store import connect, connection, url_of

if TYPE_CHECKING:
    from flask import Flask
    from redis.client import PubSub

CHANNEL = "billing:bell"
QUIET_S = 5.0  # how long a silent server is not asked again, so that no request waits for it twice


def ring() -> None:
    """Wake the relays; a bell that cannot be rung is no fault, they look every 250 ms anyway."""
    if time.monotonic() < current_app.extensions.get("bell_quiet_until", 0.0):
        return
    try:
        connection().publish(CHANNEL, b"")
    except (RedisError, OSError):
        current_app.extensions["bell_quiet_until"] = time.monotonic() + QUIET_S


class Bell:
    """The relay's ear: waits for a stroke, and without Redis for the time alone."""

    def __init__(self, app: Flask) -> None:
        self._url = url_of(app)
        self._ear: PubSub | None = None

    def wait(self, timeout_s: float) -> None:
        """Return when the bell rings or `timeout_s` is over; strokes that came together count once."""
        ends = time.monotonic() + timeout_s
        try:
            ear = self._listening()
            if ear.get_message(timeout=timeout_s):
                while ear.get_message(timeout=0):
                    pass
        except (RedisError, OSError):
            self.close()
            time.sleep(max(0.0, ends - time.monotonic()))

    def _listening(self) -> PubSub:
        if self._ear is None:
            self._ear = connect(self._url).pubsub()  # type: ignore[no-untyped-call]
            self._ear.subscribe(CHANNEL)
        return self._ear

    def close(self) -> None:
        """Stop listening."""
        ear, self._ear = self._ear, None
        if ear is not None:
            with suppress(RedisError, OSError):
                ear.close()
