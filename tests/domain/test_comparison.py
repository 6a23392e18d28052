"""How two books differ: every pair of stories has one answer (reliability.md 3.11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.comparison import AGES_DAYS, Difference, DifferenceKind, Ours, Theirs, compare
from app.domain.money import Money
from app.domain.payment import ObservedState, PaymentStatus

ASKED = Money(12_000, "EUR")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
P, Seen, Kind = PaymentStatus, ObservedState, DifferenceKind


def ours(status: PaymentStatus, held: int = 0) -> Ours:
    return Ours(status, ASKED, "EUR3D1", held, NOW if held else None)


def theirs(state: ObservedState, standing: int = 12_000, **more: object) -> Theirs:
    said: dict[str, object] = {"initial": ASKED, "standing": Money(standing, "EUR"), "account": "EUR3D1"}
    return Theirs(state, **(said | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        (ours(P.COMPLETED, 12_000), theirs(Seen.COMPLETED), None),
        (ours(P.PENDING), theirs(Seen.PENDING), None),
        (ours(P.FAILED), theirs(Seen.FAILED), None),
        (ours(P.EXPIRED), theirs(Seen.FAILED), None),
        (ours(P.PARTIALLY_REFUNDED, 2_000), theirs(Seen.REFUNDED, 2_000), None),
        (ours(P.REFUNDED), theirs(Seen.REFUNDED, 0), None),
        (ours(P.CHARGED_BACK), theirs(Seen.CHARGED_BACK, 0), None),
        (ours(P.PENDING), theirs(Seen.COMPLETED), Difference(Kind.MISSED_CALLBACK, 12_000)),
        (ours(P.FAILED), theirs(Seen.COMPLETED), Difference(Kind.MISSED_CALLBACK, 12_000)),
        (ours(P.PENDING), theirs(Seen.FAILED), Difference(Kind.MISSED_CALLBACK, 0)),
        (ours(P.PENDING), theirs(Seen.REFUNDED, 0), Difference(Kind.MISSED_CALLBACK, 12_000)),
        (ours(P.COMPLETED, 12_000), theirs(Seen.REFUNDED, 0), Difference(Kind.CHANGED_THERE, 12_000)),
        (ours(P.COMPLETED, 12_000), theirs(Seen.REFUNDED, 5_000), Difference(Kind.CHANGED_THERE, 7_000)),
        (ours(P.PARTIALLY_REFUNDED, 9_000), theirs(Seen.REFUNDED, 2_000), Difference(Kind.CHANGED_THERE, 7_000)),
        (ours(P.COMPLETED, 12_000), theirs(Seen.CHARGED_BACK, 0), Difference(Kind.CHANGED_THERE, 12_000)),
        (ours(P.REFUNDED), theirs(Seen.COMPLETED), Difference(Kind.CHANGED_THERE, 12_000)),
        (ours(P.COMPLETED, 12_000), theirs(Seen.FAILED, 0), Difference(Kind.CHANGED_THERE, 12_000)),
        (ours(P.COMPLETED, 12_000), None, Difference(Kind.UNKNOWN_THERE, 12_000)),
        (ours(P.PENDING), None, Difference(Kind.UNKNOWN_THERE, 12_000)),
        (
            ours(P.COMPLETED, 12_000),
            theirs(Seen.COMPLETED, initial=Money(12_001, "EUR")),
            Difference(Kind.AMOUNT_DIFFERS, 12_001),
        ),
        (
            ours(P.PENDING),
            theirs(Seen.PENDING, initial=Money(12_000, "USD")),
            Difference(Kind.AMOUNT_DIFFERS, 12_000),
        ),
        (ours(P.PENDING), theirs(Seen.PENDING, account="EUR1"), Difference(Kind.AMOUNT_DIFFERS, 12_000)),
        (
            ours(P.COMPLETED, 12_000),
            theirs(Seen.COMPLETED, settled_at=NOW + timedelta(hours=1)),
            Difference(Kind.CLOCK, 0),
        ),
        (ours(P.COMPLETED, 12_000), theirs(Seen.COMPLETED, settled_at=NOW + timedelta(minutes=4)), None),
        (ours(P.COMPLETED, 12_000), theirs(Seen.COMPLETED, settled_at=NOW - timedelta(days=9)), None),
    ],
)
def test_two_stories_of_one_payment(here: Ours, there: Theirs | None, expected: Difference | None) -> None:
    assert compare(here, there) == expected


@given(
    st.sampled_from(list(P)), st.integers(0, 12_000), st.sampled_from(list(Seen)), st.none() | st.integers(0, 12_000)
)
def test_no_two_stories_are_beyond_it(status: PaymentStatus, held: int, state: ObservedState, left: int | None) -> None:
    standing = None if left is None else Money(left, "EUR")
    found = compare(ours(status, held), Theirs(state, ASKED, standing, "EUR3D1"))
    assert found is None or 0 <= found.at_stake_minor <= ASKED.minor


def test_a_day_comes_again_for_half_a_year() -> None:
    assert AGES_DAYS[:3] == (1, 2, 3)
    assert max(AGES_DAYS) == 180
