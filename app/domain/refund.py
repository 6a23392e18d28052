"""Giving money back: the states of a refund and what may be asked for (other-systems.md 7.3, reliability.md 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.errors import Conflict
from app.domain.money import Money, say_amount

if TYPE_CHECKING:
    from datetime import date


class RefundStatus(StrEnum):
    """Every state of a refund.

    `requested` is free to leave and has not left. `processing` has left, or is about to: it never leaves again.
    `unknown` has left and its answer did not come: only what the gateway still holds decides it.
    """

    REQUESTED = "requested"
    PENDING_APPROVAL = "pending_approval"
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


R = RefundStatus
EDGES: frozenset[tuple[RefundStatus, RefundStatus]] = frozenset(
    {
        (R.PENDING_APPROVAL, R.REQUESTED), (R.PENDING_APPROVAL, R.CANCELLED),
        (R.PENDING_APPROVAL, R.SUCCEEDED),  # made outside: it has left already, and is booked once agreed to
        (R.REQUESTED, R.PROCESSING), (R.REQUESTED, R.CANCELLED), (R.REQUESTED, R.FAILED),
        (R.PROCESSING, R.REQUESTED), (R.PROCESSING, R.SUCCEEDED), (R.PROCESSING, R.FAILED), (R.PROCESSING, R.UNKNOWN),
        (R.UNKNOWN, R.SUCCEEDED), (R.UNKNOWN, R.FAILED),
    }
)  # fmt: skip

WAITING: frozenset[RefundStatus] = frozenset({R.PENDING_APPROVAL, R.REQUESTED})
IN_FLIGHT: frozenset[RefundStatus] = frozenset({R.PROCESSING, R.UNKNOWN})
# What is kept back for a refund that is not decided: nobody else may ask for it.
RESERVED: frozenset[RefundStatus] = WAITING | IN_FLIGHT

# How long a refund that is not to be seen at the gateway stays unknown, and how often it is looked for meanwhile. A
# request is signed with its time and is refused when it is older than some minutes (eis.md 9.1.4, code 4997), so after
# an hour it cannot be executed any more.
UNKNOWN_S = 3600
LOOKS_S = (5, 60, 300, 900)

# The nonce was used. Nonces are random, so only this very request can have used it: it has arrived already.
NONCE_USED = "4025"
# What to do about a refusal, by the gateway's code.
ADVICE: dict[str, str] = {
    "4037": "The gateway cannot give bank-link payments back: pay it back by bank transfer to the payer's account",
    "4997": "The gateway found our clock wrong: set the server's clock, then ask for the refund again",
    "4013": "The gateway holds less than this: compare with its portal, then ask for what is left",
    "4040": "The gateway does not know this payment: look it up in its portal",
    "4002": "The gateway does not know our account: check its settings, then ask for the refund again",
}
NO_ADVICE = "The gateway refused: look the payment up in its portal, then ask again or pay back by bank transfer"


# A bank's reference of a transfer: the longest of the usual ones has 35 letters (ISO 20022, Max35Text).
LONGEST_BANK_REFERENCE = 100


@dataclass(frozen=True, slots=True)
class MadeOutside:
    """A bank transfer of our own that gave money back: the day it left, Tallinn's, and what the bank calls it."""

    on: date
    bank_reference: str


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


def check_refund(of: Refundable, asked: Money) -> None:
    """Raise RefundNotPossible or RefundTooLarge unless this amount, in the payment's currency, may be given back."""
    if asked.minor <= 0:
        raise RefundNotPossible("A refund is above zero", code="refund_amount")
    if asked.minor > of.left_minor:
        left = Money(max(of.left_minor, 0), asked.currency)
        raise RefundTooLarge(
            f"{say_amount(left)} is left to give back, and {say_amount(asked)} was asked for", code="refund_too_large"
        )


def check_made_outside(made: MadeOutside, *, paid_on: date, today: date) -> None:
    """Raise RefundNotPossible for a transfer before the payment or after today; both are days of Tallinn."""
    if not paid_on <= made.on <= today:
        raise RefundNotPossible(
            f"A transfer that gives this back was made between {paid_on} and {today}, not on {made.on}",
            code="refund_day",
        )
    if not 0 < len(made.bank_reference) <= LONGEST_BANK_REFERENCE:
        raise RefundNotPossible("The bank's reference of the transfer is missing or too long", code="refund_reference")


def needs_approval(of: Refundable, amount_minor: int, *, four_eyes_minor: int | None, staff_days: int) -> bool:
    """Return whether a second person must agree: above the limit, or after the window (other-systems.md 7.3).

    Without a limit (`four_eyes_minor` None) only the window counts.
    """
    return (four_eyes_minor is not None and amount_minor > four_eyes_minor) or of.age_days > staff_days


def advice(code: str | None) -> str:
    """Return in a sentence what to do about a refund the gateway refused with this code."""
    return ADVICE.get(code or "", NO_ADVICE)


def is_bank_link(gateway_method: str | None) -> bool:
    """Return whether this was paid by a bank link, which the gateway cannot give back (eis.md 9.1.4, code 4037)."""
    code = gateway_method or ""
    return code == "open_banking" or "_ob_" in code or code.endswith("_ob")


def next_look_s(age_s: int) -> int | None:
    """Return after how many seconds to look for an unknown refund again, or None when it cannot come any more.

    `age_s` is how long ago the request left.
    """
    if age_s >= UNKNOWN_S:
        return None
    return next((step for step in reversed(LOOKS_S) if age_s >= step), LOOKS_S[0])
