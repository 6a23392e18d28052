"""When to try again, as data: the schedules and classes of reliability.md 3.9."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import Outcome

MINUTE, HOUR, DAY = 60, 3600, 86_400
JITTER_PERCENT = 20
LONGEST_WISH_S = DAY


class RetryClass(StrEnum):
    """What an unsuccessful try means for the next one."""

    RETRY = "retry"
    LIMITED = "limited"  # a plain refusal: three tries, then a person
    GONE = "gone"  # 410: pause the endpoint and raise the alarm
    UNKNOWN = "unknown"  # the request left and the answer did not come
    POISON = "poison"  # a fault of our own code: five tries, alarm at once


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Seconds to wait before each further try; after the last one the work is given up to a person."""

    name: str
    delays_s: tuple[int, ...]


INITIATOR_NOTICE = RetryPolicy(
    "initiator notice",
    (5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR),
)
PROVIDER_FETCH = RetryPolicy("provider fetch", (2, 10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, *([DAY] * 7)))
ACCOUNTING = RetryPolicy("accounting", (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, *([DAY] * 5)))
MAIL = RetryPolicy("mail", (MINUTE, 5 * MINUTE, 30 * MINUTE, *([2 * HOUR] * 6)))
BACKGROUND = RetryPolicy("background", (5, 30, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR))

LIMITS = {RetryClass.LIMITED: 3, RetryClass.POISON: 5}
_LATER = {408, 409, 425, 429}


def classify(status: int | None, outcome: Outcome | None) -> RetryClass:
    """Return the class of a failed try from the HTTP status of the answer, or from what is known without one."""
    if outcome is None:
        return RetryClass.POISON
    if status is None:
        return RetryClass.UNKNOWN if outcome is Outcome.UNKNOWN else RetryClass.RETRY
    if status == 410:  # noqa: PLR2004 - Gone
        return RetryClass.GONE
    if status in _LATER or status >= 500:  # noqa: PLR2004 - server errors
        return RetryClass.RETRY
    return RetryClass.LIMITED


def next_delay_s(
    policy: RetryPolicy, attempts: int, *, jitter: int = 0, retry_after_s: int | None = None, tries: int | None = None
) -> int | None:
    """Return the seconds until the next try after `attempts` failed ones, or None to give up.

    `jitter` is -20 to 20 percent; a Retry-After of the receiver wins when it is longer, up to a day.
    """
    if attempts < 1 or attempts > len(policy.delays_s) or (tries is not None and attempts >= tries):
        return None
    delay = policy.delays_s[attempts - 1] * (100 + max(-JITTER_PERCENT, min(JITTER_PERCENT, jitter))) // 100
    return max(delay, min(retry_after_s or 0, LONGEST_WISH_S))
