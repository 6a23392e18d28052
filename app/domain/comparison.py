"""Our books beside the gateway's: how they differ, what is at stake and who can mend it (reliability.md 3.11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.money import Money, format_amount
from app.domain.payment import ObservedState, PaymentStatus

P = PaymentStatus
Seen = ObservedState

# How many days after it a day is compared again: refunds and chargebacks come for half a year.
AGES_DAYS = (1, 2, 3, 7, 14, 30, 60, 90, 120, 180)
CLOCK_TOLERANCE = timedelta(minutes=5)
RECEIVED = {P.COMPLETED, P.PARTIALLY_REFUNDED, P.REFUNDED, P.CHARGED_BACK}
ENDED = {P.FAILED, P.CANCELLED, P.EXPIRED}
WENT_BACK = {Seen.REFUNDED, Seen.CHARGED_BACK}
NOT_TAKEN = {Seen.FAILED, Seen.CANCELLED, Seen.EXPIRED}


class DifferenceKind(StrEnum):
    """Why the two books do not agree."""

    MISSED_CALLBACK = "missed_callback"
    CHANGED_THERE = "changed_there"
    AMOUNT_DIFFERS = "amount_differs"
    UNKNOWN_THERE = "unknown_there"
    UNKNOWN_HERE = "unknown_here"
    CLOCK = "clock"


# What another look at the gateway mends by itself; the others are for a person.
MENDED_BY_LOOKING = {DifferenceKind.MISSED_CALLBACK, DifferenceKind.CHANGED_THERE}


@dataclass(frozen=True, slots=True)
class Ours:
    """A payment as our books have it; `held_minor` is what came and has not gone back, in minor units."""

    status: PaymentStatus
    amount: Money
    account: str
    held_minor: int
    completed_at: datetime | None = None

    def story(self) -> dict[str, str | None]:
        """Return it in words, to be laid beside the other."""
        held = Money(self.held_minor, self.amount.currency)
        return {"status": self.status, "amount": format_amount(self.amount), "held": format_amount(held)}


@dataclass(frozen=True, slots=True)
class Theirs:
    """The same payment as the gateway has it; `settled_at` is the gateway's own time, if it says one."""

    state: ObservedState
    initial: Money | None
    standing: Money | None
    account: str
    settled_at: datetime | None = None

    def story(self) -> dict[str, str | None]:
        """Return it in words, to be laid beside the other."""
        return {
            "state": self.state,
            "initial": format_amount(self.initial) if self.initial is not None else None,
            "standing": format_amount(self.standing) if self.standing is not None else None,
            "account": self.account,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `at_stake_minor` is the money that is in doubt because of it, in minor units."""

    kind: DifferenceKind
    at_stake_minor: int


def compare(ours: Ours, theirs: Theirs | None) -> Difference | None:
    """Return how the gateway's book differs from ours, None when both tell the same story."""
    if theirs is None:
        return Difference(DifferenceKind.UNKNOWN_THERE, ours.held_minor or ours.amount.minor)
    if theirs.initial != ours.amount or theirs.account != ours.account:
        return Difference(DifferenceKind.AMOUNT_DIFFERS, _largest(ours, theirs))
    if ours.status in RECEIVED:
        return _of_received(ours, theirs)
    return _of_open(ours, theirs)


def _of_open(ours: Ours, theirs: Theirs) -> Difference | None:
    if theirs.state is Seen.COMPLETED or theirs.state in WENT_BACK:
        return Difference(DifferenceKind.MISSED_CALLBACK, ours.amount.minor)
    if theirs.state in NOT_TAKEN and ours.status not in ENDED:
        return Difference(DifferenceKind.MISSED_CALLBACK, 0)
    return None


def _of_received(ours: Ours, theirs: Theirs) -> Difference | None:
    held = _held_there(ours, theirs)
    if held != ours.held_minor:
        return Difference(DifferenceKind.CHANGED_THERE, abs(ours.held_minor - held))
    if ours.completed_at and theirs.settled_at and theirs.settled_at > ours.completed_at + CLOCK_TOLERANCE:
        return Difference(DifferenceKind.CLOCK, 0)
    return None


def _held_there(ours: Ours, theirs: Theirs) -> int:
    """Return what the gateway still holds of a payment we have as received, in minor units."""
    if theirs.state in WENT_BACK:
        return theirs.standing.minor if theirs.standing is not None else 0
    if theirs.state is Seen.COMPLETED:
        return theirs.standing.minor if theirs.standing is not None else ours.amount.minor
    return 0


def _largest(ours: Ours, theirs: Theirs) -> int:
    return max(ours.amount.minor, theirs.initial.minor if theirs.initial is not None else 0)
