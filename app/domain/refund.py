"""Giving money back: the states of a refund and what may be asked for (other-systems.md 7.1, 7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import Conflict


class RefundStatus(StrEnum):
    """Every state of a refund."""

    REQUESTED = "requested"
    PENDING_APPROVAL = "pending_approval"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


R = RefundStatus
EDGES: frozenset[tuple[RefundStatus, RefundStatus]] = frozenset(
    {
        (R.REQUESTED, R.PENDING_APPROVAL), (R.REQUESTED, R.PROCESSING), (R.REQUESTED, R.CANCELLED),
        (R.PENDING_APPROVAL, R.PROCESSING), (R.PENDING_APPROVAL, R.CANCELLED),
        (R.PROCESSING, R.SUCCEEDED), (R.PROCESSING, R.FAILED),
    }
)  # fmt: skip


class RefundTooLarge(Conflict):
    """There is not that much left to give back."""


class RefundNotPossible(Conflict):
    """Nothing can be given back."""


@dataclass(frozen=True, slots=True)
class Refundable:
    """What a refund is measured against, in minor units; `age_days` counts from the payment's completion."""

    captured_minor: int
    refunded_minor: int
    reserved_minor: int
    disputed_minor: int
    age_days: int

    @property
    def left_minor(self) -> int:
        """Return what may still be given back, in minor units."""
        return self.captured_minor - self.refunded_minor - self.reserved_minor - self.disputed_minor


def check_refund(of: Refundable, amount_minor: int) -> None:
    """Raise RefundNotPossible or RefundTooLarge unless this amount may be given back."""
    if amount_minor <= 0:
        raise RefundNotPossible("A refund is above zero")
    if amount_minor > of.left_minor:
        raise RefundTooLarge(f"{of.left_minor} minor units are left to give back, {amount_minor} were asked")


def needs_approval(of: Refundable, amount_minor: int, *, four_eyes_minor: int, staff_days: int) -> bool:
    """Return whether a second person must agree: above the limit, or after the window (other-systems.md 7.3)."""
    return amount_minor > four_eyes_minor or of.age_days > staff_days
