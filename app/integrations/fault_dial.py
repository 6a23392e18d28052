"""The fault dial of every simulator: what goes wrong, where, how often (reliability.md 4.3)."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any

KINDS = (
    "http",  # answer `status` without doing anything
    "http_after",  # do it, then answer `status`
    "slow",  # wait `seconds`, then do it
    "timeout_after",  # do it, keep the caller waiting `seconds`, say nothing
    "reset",  # break the connection without doing anything
    "reset_after",  # do it, then break the connection
    "truncate",  # do it, answer half of the JSON
    "html",  # do it, answer a page instead of JSON
    "unknown_fields",  # do it, answer more than anybody knows
    "wrong_amount",  # the gateway only, from here: create, fetch, refund
    "foreign_account",
    "unknown_state",
    "wrong_clock",  # the gateway only: refuse a request as signed at another time, without doing anything
    "lose",  # callbacks only, from here on
    "double",
    "delay",
    "reorder",
)
LONGEST_S = 120.0
MOST = 1_000_000
_RETRY_LATER = {429, 503}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong at `operation`, for the next `times` times (0: always), with `percent` probability.

    `retry_after` is the header as it is sent, seconds or a date or nonsense; "" for none; None for what is usual.
    """

    operation: str
    kind: str
    times: int = 1
    percent: int = 100
    status: int = 500
    seconds: float = 1.0
    count: int = 2
    retry_after: str | None = None

    @classmethod
    def read(cls, body: Any) -> Fault:
        """Return the fault a script asks for. Raises ValueError for one that does not exist."""
        if not isinstance(body, dict) or body.get("kind") not in KINDS or not isinstance(body.get("operation"), str):
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, operation a name")
        unknown = set(body) - set(cls.__slots__)
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(map(str, unknown)))}")
        later = body.get("retry_after")
        return cls(
            body["operation"],
            body["kind"],
            times=_whole(body, "times", 1, 0, MOST),
            percent=_whole(body, "percent", 100, 0, 100),
            status=_whole(body, "status", 500, 100, 599),
            seconds=_seconds(body.get("seconds", 1.0)),
            count=_whole(body, "count", 2, 1, 100),
            retry_after=None if later is None else str(later),
        )

    @property
    def retry_header(self) -> str:
        """Return the value of Retry-After, "" for none."""
        if self.retry_after is not None:
            return self.retry_after if self.retry_after.isascii() and self.retry_after.isprintable() else ""
        return "1" if self.status in _RETRY_LATER else ""


class FaultDial:
    """Holds the faults and counts what was injected; safe for threads. `offered` says what can strike where."""

    def __init__(self, seed: int = 1) -> None:
        self._faults: list[Fault] = []
        self._dice = Random(seed)
        self._lock = threading.Lock()
        self.injected: dict[str, int] = {}
        self.offered: dict[str, set[str]] = {}

    def offer(self, operation: str, kinds: tuple[str, ...]) -> None:
        """Say that faults of these kinds can strike at the operation."""
        self.offered.setdefault(operation, set()).update(kinds)

    def turn(self, faults: list[Fault]) -> None:
        """Replace all faults."""
        with self._lock:
            self._faults = list(faults)

    def script(self, wanted: Any) -> None:
        """Replace all faults by what a script wrote. Raises ValueError, and then nothing is changed."""
        if not isinstance(wanted, list):
            raise ValueError("faults are a list")  # noqa: TRY004 - said to a script, not a mistake of ours
        faults = [Fault.read(each) for each in wanted]
        for fault in faults:
            self._check(fault)
        self.turn(faults)

    def _check(self, fault: Fault) -> None:
        anywhere: set[str] = set().union(*self.offered.values())
        kinds = anywhere if fault.operation == "*" else self.offered.get(fault.operation)
        if kinds is None:
            raise ValueError(f"operation must be * or one of {', '.join(sorted(self.offered))}")
        if fault.kind not in kinds:
            raise ValueError(f"{fault.kind} cannot strike at {fault.operation}; there is {', '.join(sorted(kinds))}")

    def shown(self) -> dict[str, Any]:
        """Return the faults that are left and how many were injected, for a script."""
        with self._lock:
            left = [{name: getattr(fault, name) for name in Fault.__slots__} for fault in self._faults]
            return {"faults": left, "injected": dict(self.injected), "offered": self._sorted()}

    def _sorted(self) -> dict[str, list[str]]:
        return {operation: sorted(kinds) for operation, kinds in sorted(self.offered.items())}

    def take(self, operation: str, kinds: tuple[str, ...] = KINDS) -> Fault | None:
        """Return the fault that strikes now, if one does."""
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.operation not in {operation, "*"} or fault.kind not in kinds:
                    continue
                if self._dice.randrange(100) >= fault.percent:
                    continue
                self._use(position, fault)
                return fault
            return None

    def _use(self, position: int, fault: Fault) -> None:
        self.injected[fault.kind] = self.injected.get(fault.kind, 0) + 1
        if fault.times > 1:
            self._faults[position] = replace(fault, times=fault.times - 1)
        elif fault.times == 1:
            del self._faults[position]


def _whole(body: dict[str, Any], name: str, usual: int, least: int, most: int) -> int:
    value = body.get(name, usual)
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not value >= 0:
        raise ValueError("seconds must be a number from 0")
    return min(float(value), LONGEST_S)
