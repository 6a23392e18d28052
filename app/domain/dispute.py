"""A payer who disputes a payment with the bank: the states of a dispute (other-systems.md 7.3)."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum


class DisputeStatus(StrEnum):
    """Every state of a dispute. `closed` ended without a verdict: withdrawn, prevented, only a warning."""

    OPENED = "opened"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


class News(StrEnum):
    """What a gateway's event is about. Anybody may send one: each is a hint, and what can be fetched decides."""

    LOOK = "look"  # the look says all there is to say
    DISPUTED = "disputed"
    TAKEN_BACK = "taken_back"
    DISPUTE_ENDED = "dispute_ended"
    FRAUD = "fraud"
    REFUND_FAILED = "refund_failed"
    UNKNOWN = "unknown"


D = DisputeStatus
EDGES: frozenset[tuple[DisputeStatus, DisputeStatus]] = frozenset(
    {
        (D.OPENED, D.UNDER_REVIEW), (D.OPENED, D.WON), (D.OPENED, D.LOST), (D.OPENED, D.CLOSED),
        (D.UNDER_REVIEW, D.WON), (D.UNDER_REVIEW, D.LOST), (D.UNDER_REVIEW, D.CLOSED),
        (D.LOST, D.WON),
    }
)  # fmt: skip

OPEN: frozenset[DisputeStatus] = frozenset({D.OPENED, D.UNDER_REVIEW})
WARNINGS = (timedelta(days=3), timedelta(days=1))


def warnings_due(evidence_due: date, today: date) -> list[int]:
    """Return the warnings whose day has come, as days before the deadline."""
    return [each.days for each in WARNINGS if today >= evidence_due - each]
