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
    """The relay's subscription to the bell; without Redis it waits out the time."""

    def __init__(self, app: Flask) -> None:
        self._url = url_of(app)
        self._subscription: PubSub | None = None

    def wait(self, timeout_s: float) -> None:
        """Return when the bell rings or `timeout_s` is over; several rings at once count as one."""
        ends = time.monotonic() + timeout_s
        try:
            subscription = self._subscribed()
            if subscription.get_message(timeout=timeout_s):
                while subscription.get_message(timeout=0):
                    pass
        except (RedisError, OSError):
            self.close()
            time.sleep(max(0.0, ends - time.monotonic()))

    def _subscribed(self) -> PubSub:
        if self._subscription is None:
            self._subscription = connect(self._url).pubsub()  # type: ignore[no-untyped-call]
            self._subscription.subscribe(CHANNEL)
        return self._subscription

    def close(self) -> None:
        """Stop listening."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with suppress(RedisError, OSError):
                subscription.close()
