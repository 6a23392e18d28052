"""What news does to a payment, against a matrix written by hand from other-systems.md 7.2 and 7.7."""

from __future__ import annotations

from itertools import combinations, permutations, product

import pytest

from app.domain.payment import EDGES, DecisionKind, decide
from app.domain.payment import ObservedState as O
from app.domain.payment import PaymentStatus as P

LEGAL = """
created: pending processing completed pending_approval failed cancelled expired
pending: processing authorized completed failed cancelled expired
processing: authorized completed failed cancelled expired
authorized: completed failed cancelled expired
pending_approval: completed failed cancelled expired
completed: partially_refunded refunded charged_back
partially_refunded: refunded charged_back
refunded: partially_refunded
charged_back: completed partially_refunded
failed: completed
cancelled: completed
expired: completed
"""
MATRIX = {line.partition(":")[0]: set(line.partition(":")[2].split()) for line in LEGAL.strip().splitlines()}
PLAIN = {
    O.INITIAL: P.PENDING,
    O.PENDING: P.PENDING,
    O.PROCESSING: P.PROCESSING,
    O.AUTHORIZED: P.AUTHORIZED,
    O.COMPLETED: P.COMPLETED,
    O.FAILED: P.FAILED,
    O.CANCELLED: P.CANCELLED,
    O.EXPIRED: P.EXPIRED,
}


def test_the_edges_are_those_of_the_table() -> None:
    assert {(str(a), str(b)) for a, b in EDGES} == {(a, b) for a, afters in MATRIX.items() for b in afters}


@pytest.mark.parametrize(("current", "observed"), list(product(P, PLAIN)))
def test_plain_news_moves_along_the_edges_or_not_at_all(current: P, observed: O) -> None:
    decision = decide(current, observed, standing_minor=100, captured_minor=100, refunded_minor=0)
    wish = PLAIN[observed]
    if wish == current:
        assert decision.kind is DecisionKind.SAME
    elif (current, wish) == (P.CHARGED_BACK, P.COMPLETED):
        assert decision.kind is DecisionKind.REVIEW
    elif (current, wish) == (P.CREATED, P.AUTHORIZED):
        assert (decision.kind, decision.via, decision.to) == (DecisionKind.APPLY, P.PENDING, wish)
    elif wish in MATRIX[current]:
        assert (decision.kind, decision.to) == (DecisionKind.APPLY, wish)
        assert decision.late == (current in {P.FAILED, P.CANCELLED, P.EXPIRED})
    else:
        assert decision.kind is DecisionKind.IGNORED
        assert decision.to is None


@pytest.mark.parametrize("current", P)
def test_a_state_nobody_knows_is_a_question_and_changes_nothing(current: P) -> None:
    decision = decide(current, O.UNKNOWN, standing_minor=None, captured_minor=0, refunded_minor=0)
    assert (decision.kind, decision.to) == (DecisionKind.REVIEW, None)


@pytest.mark.parametrize(
    ("current", "refunded", "standing", "kind", "to"),
    [
        (P.COMPLETED, 0, 0, DecisionKind.APPLY, P.REFUNDED),
        (P.COMPLETED, 0, 40, DecisionKind.APPLY, P.PARTIALLY_REFUNDED),
        (P.COMPLETED, 0, 100, DecisionKind.SAME, None),
        (P.COMPLETED, 0, None, DecisionKind.REVIEW, None),
        (P.COMPLETED, 0, 101, DecisionKind.REVIEW, None),
        (P.COMPLETED, 0, -1, DecisionKind.REVIEW, None),
        (P.PARTIALLY_REFUNDED, 60, 0, DecisionKind.APPLY, P.REFUNDED),
        (P.PARTIALLY_REFUNDED, 60, 30, DecisionKind.APPLY, P.PARTIALLY_REFUNDED),
        (P.PARTIALLY_REFUNDED, 60, 40, DecisionKind.SAME, None),
        (P.PARTIALLY_REFUNDED, 60, 70, DecisionKind.IGNORED, None),
        (P.REFUNDED, 100, 0, DecisionKind.SAME, None),
        (P.REFUNDED, 100, None, DecisionKind.SAME, None),
        (P.REFUNDED, 100, 40, DecisionKind.IGNORED, None),
        (P.PENDING, 0, 0, DecisionKind.REVIEW, None),
        (P.FAILED, 0, 0, DecisionKind.REVIEW, None),
    ],
)
def test_the_standing_amount_decides_what_refunded_means(
    current: P, refunded: int, standing: int | None, kind: DecisionKind, to: P | None
) -> None:
    decision = decide(current, O.REFUNDED, standing_minor=standing, captured_minor=100, refunded_minor=refunded)
    assert (decision.kind, decision.to) == (kind, to)


@pytest.mark.parametrize(
    ("current", "refunded", "standing", "kind", "to", "via"),
    [
        (P.PENDING, 0, None, DecisionKind.APPLY, P.COMPLETED, None),
        (P.PENDING, 0, 100, DecisionKind.APPLY, P.COMPLETED, None),
        (P.PENDING, 0, 40, DecisionKind.APPLY, P.PARTIALLY_REFUNDED, P.COMPLETED),
        (P.EXPIRED, 0, 40, DecisionKind.APPLY, P.PARTIALLY_REFUNDED, P.COMPLETED),
        (P.PENDING, 0, 0, DecisionKind.REVIEW, None, None),
        (P.PENDING, 0, -1, DecisionKind.REVIEW, None, None),
        (P.PENDING, 0, 101, DecisionKind.REVIEW, None, None),
        (P.COMPLETED, 0, None, DecisionKind.SAME, None, None),
        (P.COMPLETED, 0, 100, DecisionKind.SAME, None, None),
        (P.COMPLETED, 0, 40, DecisionKind.APPLY, P.PARTIALLY_REFUNDED, None),
        (P.COMPLETED, 0, 0, DecisionKind.REVIEW, None, None),
        (P.PARTIALLY_REFUNDED, 60, 40, DecisionKind.SAME, None, None),
        (P.PARTIALLY_REFUNDED, 60, 30, DecisionKind.APPLY, P.PARTIALLY_REFUNDED, None),
        (P.PARTIALLY_REFUNDED, 60, 100, DecisionKind.IGNORED, None, None),
        (P.REFUNDED, 100, 40, DecisionKind.IGNORED, None, None),
        (P.CHARGED_BACK, 100, 40, DecisionKind.REVIEW, None, None),
    ],
)
def test_what_settled_money_is_still_there_says_how_much_of_it_went_back(  # noqa: PLR0917 - a row of the table
    current: P, refunded: int, standing: int | None, kind: DecisionKind, to: P | None, via: P | None
) -> None:
    captured = 0 if current in {P.PENDING, P.EXPIRED} else 100
    decision = decide(
        current,
        O.COMPLETED,
        standing_minor=standing,
        captured_minor=captured,
        refunded_minor=refunded,
        agreed_minor=100,
    )
    assert (decision.kind, decision.to, decision.via) == (kind, to, via)


@pytest.mark.parametrize(
    ("current", "kind", "to"),
    [
        (P.COMPLETED, DecisionKind.APPLY, P.CHARGED_BACK),
        (P.PARTIALLY_REFUNDED, DecisionKind.APPLY, P.CHARGED_BACK),
        (P.CHARGED_BACK, DecisionKind.SAME, None),
        (P.REFUNDED, DecisionKind.REVIEW, None),
        (P.PENDING, DecisionKind.REVIEW, None),
    ],
)
def test_a_chargeback_takes_only_what_was_received(current: P, kind: DecisionKind, to: P | None) -> None:
    decision = decide(current, O.CHARGED_BACK, standing_minor=None, captured_minor=100, refunded_minor=0)
    assert (decision.kind, decision.to) == (kind, to)


def test_the_order_of_stale_news_never_takes_received_money_back() -> None:
    """Facts are fetched, so any earlier state may still arrive late: settled stays settled (features.md F23)."""
    news = [O.INITIAL, O.PENDING, O.PROCESSING, O.FAILED, O.COMPLETED]
    ends = set()
    for order in permutations(news):
        status = P.PENDING
        for observed in order:
            decision = decide(status, observed, standing_minor=100, captured_minor=100, refunded_minor=0)
            if decision.kind is DecisionKind.APPLY and decision.to is not None:
                status = decision.to
        ends.add(status)
    assert ends == {P.COMPLETED}


# What a look may have seen, however stale it is by the time it is folded in: the word, and what the gateway held then.
SEEN = [
    (O.INITIAL, None),
    (O.PENDING, None),
    (O.PROCESSING, None),
    (O.AUTHORIZED, None),
    (O.FAILED, None),
    (O.CANCELLED, None),
    (O.EXPIRED, None),
    (O.COMPLETED, 100),
    (O.REFUNDED, 40),
    (O.REFUNDED, 0),
    (O.CHARGED_BACK, 0),
]


def fold(order: tuple[tuple[O, int | None], ...]) -> P:
    """Return what a payment over a hundred is after these looks, booked as services/refresh.py books them."""
    status, captured, gone = P.PENDING, 0, 0
    for observed, standing in order:
        decision = decide(
            status,
            observed,
            standing_minor=standing,
            captured_minor=captured,
            refunded_minor=gone,
            agreed_minor=100,
        )
        if decision.kind is not DecisionKind.APPLY or decision.to is None:
            continue
        steps = [step for step in (decision.via, decision.to) if step is not None]
        for before, after in zip([status, *steps], steps, strict=False):
            assert (before, after) in EDGES
        status = decision.to
        captured = 100 if P.COMPLETED in steps else captured
        gone = 100 - (standing or 0) if status in {P.PARTIALLY_REFUNDED, P.REFUNDED, P.CHARGED_BACK} else gone
    return status


def test_up_to_five_looks_that_saw_money_end_in_one_state_in_every_order() -> None:
    """Of money that came the end is the same whatever order is seen; a chargeback and a refund exclude each other."""
    orders = 0
    for many in range(1, 6):
        for seen in combinations(SEEN, many):
            words = {observed for observed, _ in seen}
            if O.COMPLETED not in words or {O.REFUNDED, O.CHARGED_BACK} <= words:
                continue
            ends = {fold(order) for order in permutations(seen)}
            orders += len(list(permutations(seen)))
            assert len(ends) == 1, (seen, ends)
    assert orders > 20_000
