"""How often somebody may do what costs something (security.md T47, 5.5).

All processes count together in Redis. While that is away each counts by itself: nobody is without a limit then, and
nobody is refused for it. News of payments we know is never counted at all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import current_app
from limits import RateLimitItem, RateLimitItemPerMinute, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from app.web.extensions import limiter

if TYPE_CHECKING:
    from app.config import Settings

MINUTE_S = 60
MOST_NOISY = 10_000
# A Redis that hangs keeps a call waiting for a second: one in so many seconds, not each.
AWAY_S = 10
# A process fetches a part of what somebody may do, and asks Redis again when that is spent: one first and then twice as
# many each time, up to a thirtieth, so that many processes with little to do leave little unspent.
PARTS = 30


class _Counter:
    """Counts in Redis, or here while that is away."""

    def __init__(self) -> None:
        self._here = FixedWindowRateLimiter(MemoryStorage())
        self._away_until = 0.0

    def hit(self, item: RateLimitItem, name: str, who: str, cost: int = 1) -> bool:
        """Count `cost` and return whether all of it was within the limit."""
        if time.monotonic() >= self._away_until:
            try:
                return limiter.limiter.hit(item, name, who, cost=cost)
            except StorageError:
                self._away_until = time.monotonic() + AWAY_S
        return self._here.hit(item, name, who, cost=cost)


COUNTER = _Counter()


@dataclass(frozen=True, slots=True)
class Budget:
    """So many a minute for each who does it."""

    name: str
    item: RateLimitItem

    def spend(self, who: str) -> bool:
        """Count one and return whether it was within the budget."""
        return not limiter.enabled or COUNTER.hit(self.item, self.name, who)


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a minute somebody may pass a door that everything goes through: so many as the settings say.

    In development nobody is limited unless a setting says so. What a process fetched and did not spend within the
    minute is lost to the caller: less than it did spend, and a thirtieth at most.
    """

    name: str
    setting: str
    usual: int
    _held: dict[str, tuple[int, int, float]] = field(default_factory=dict)

    def spend(self, who: str) -> bool:
        """Count one and return whether it was within the rate."""
        most = self._most()
        if not most or not limiter.enabled:
            return True
        left, part, until = self._held.get(who, (0, 0, 0.0))
        if until <= time.monotonic():
            left, part = 0, 0
        if not left:
            part = min(2 * part or 1, max(1, most // PARTS))
            left = part if COUNTER.hit(RateLimitItemPerMinute(most), self.name, who, part) else 0
            until = time.monotonic() + MINUTE_S
        self._hold(who, max(0, left - 1), part if left else 0, until)
        return left > 0

    def is_set(self) -> bool:
        """Return whether a setting says how often."""
        return getattr(current_app.extensions["settings"], self.setting) is not None

    def _most(self) -> int:
        settings: Settings = current_app.extensions["settings"]
        said: int | None = getattr(settings, self.setting)
        return said if said is not None else 0 if settings.development else self.usual

    def _hold(self, who: str, left: int, part: int, until: float) -> None:
        if len(self._held) >= MOST_NOISY and who not in self._held:
            self._held.clear()
        self._held[who] = left, part, until


@dataclass(slots=True)
class Noisy:
    """Who spent a budget of calls that may be dropped, so that this process need not ask Redis about each of them."""

    budget: Budget
    _until: dict[str, float] = field(default_factory=dict)

    def heard(self, who: str) -> None:
        """Count one call worth dropping."""
        if not self.budget.spend(who):
            if len(self._until) >= MOST_NOISY:
                self._until.clear()
            self._until[who] = time.monotonic() + MINUTE_S

    def is_noisy(self, who: str) -> bool:
        """Return whether calls of this one may be dropped for now."""
        until = self._until.get(who)
        if until is None:
            return False
        if until > time.monotonic():
            return True
        self._until.pop(who, None)
        return False


def check(budget: Budget | Rate, who: str) -> None:
    """Count one call. Raises TooManyRequests beyond the budget."""
    if not budget.spend(who):
        raise TooManyRequests(retry_after=MINUTE_S)


# Every one-off payment costs calls to the gateway and a row for ever.
ONE_OFFS = Budget("one-offs", parse("600 per minute"))
# Callbacks about payments nobody here knows, per peer; those about known ones are never counted.
STRANGERS = Noisy(Budget("strange callbacks", parse("600 per minute")))
# Sending a range of events again owes up to a thousand messages a time.
RESENDS = Budget("resends", parse("60 per minute"))
# A ping keeps a caller waiting for an endpoint that may be slow.
PINGS = Budget("pings", parse("20 per minute"))
# A file of everything is what a thief wants most; nobody needs more than a few a minute (security.md 5.5).
EXPORTS = Budget("exports", parse("6 per minute"))
# The state of a login serves once while its flow may last, whoever kept a copy of the cookie (security.md T53).
LOGIN_STATES = Budget("login states", parse("1 per 10 minutes"))
# Looking a payment up by hand asks the gateway, whose own limit is for the payers.
LOOK_UPS = Budget("look-ups", parse("30 per minute"))
# What a service asks and what it writes, with whichever of its keys.
READS = Rate("reads", "api_reads_per_minute", 600)
WRITES = Rate("writes", "api_writes_per_minute", 600)
# Searching is what a list costs most for: sixty times, each asked while it is typed and once more with Enter.
SEARCHES = Rate("searches", "searches_per_minute", 120)
# Each login that is begun asks the login service.
LOGINS = Rate("logins", "logins_per_minute", 10)
