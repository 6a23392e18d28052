"""How often somebody may do what costs something (security.md T47, 5.5); counted in Redis, here when that is away."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from app.web.extensions import limiter

MINUTE_S = 60
MOST_NOISY = 10_000


@dataclass(frozen=True, slots=True)
class Budget:
    """So many a minute for each who does it."""

    name: str
    item: RateLimitItem
    _here: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))

    def spend(self, who: str) -> bool:
        """Count one and return whether it was within the budget."""
        if not limiter.enabled:
            return True
        try:
            return limiter.limiter.hit(self.item, self.name, who)
        except StorageError:
            return self._here.hit(self.item, self.name, who)


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


def check(budget: Budget, who: str) -> None:
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
