"""What news does to a payment, against a matrix written by hand from other-systems.md 7.2 and 7.7."""

from __future__ import annotations

from itertools import permutations, product

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
refunded:
charged_back: completed
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
    decision = decide(current, observed, standing_minor=100, captured_minor=100)
    wish = PLAIN[observed]
    if wish == current:
        assert decision.kind is DecisionKind.SAME
    elif (current, wish) == (P.CHARGED_BACK, P.COMPLETED):
        assert decision.kind is DecisionKind.REVIEW
    elif wish in MATRIX[current]:
        assert (decision.kind, decision.to) == (DecisionKind.APPLY, wish)
        assert decision.late == (current in {P.FAILED, P.CANCELLED, P.EXPIRED})
    else:
        assert decision.kind is DecisionKind.IGNORED
        assert decision.to is None


@pytest.mark.parametrize("current", P)
def test_a_state_nobody_knows_is_a_question_and_changes_nothing(current: P) -> None:
    decision = decide(current, O.UNKNOWN, standing_minor=None, captured_minor=0)
    assert (decision.kind, decision.to) == (DecisionKind.REVIEW, None)


@pytest.mark.parametrize(
    ("current", "standing", "kind", "to"),
    [
        (P.COMPLETED, 0, DecisionKind.APPLY, P.REFUNDED),
        (P.COMPLETED, 40, DecisionKind.APPLY, P.PARTIALLY_REFUNDED),
        (P.COMPLETED, 100, DecisionKind.SAME, None),
        (P.COMPLETED, None, DecisionKind.REVIEW, None),
        (P.COMPLETED, 101, DecisionKind.REVIEW, None),
        (P.PARTIALLY_REFUNDED, 0, DecisionKind.APPLY, P.REFUNDED),
        (P.REFUNDED, 0, DecisionKind.SAME, None),
        (P.PENDING, 0, DecisionKind.REVIEW, None),
        (P.FAILED, 0, DecisionKind.REVIEW, None),
    ],
)
def test_the_standing_amount_decides_what_refunded_means(
    current: P, standing: int | None, kind: DecisionKind, to: P | None
) -> None:
    decision = decide(current, O.REFUNDED, standing_minor=standing, captured_minor=100)
    assert (decision.kind, decision.to) == (kind, to)


def test_the_order_of_stale_news_never_takes_received_money_back() -> None:
    """Facts are fetched, so any earlier state may still arrive late: settled stays settled (features.md F23)."""
    news = [O.INITIAL, O.PENDING, O.PROCESSING, O.FAILED, O.COMPLETED]
    ends = set()
    for order in permutations(news):
        status = P.PENDING
        for observed in order:
            decision = decide(status, observed, standing_minor=100, captured_minor=100)
            if decision.kind is DecisionKind.APPLY and decision.to is not None:
                status = decision.to
        ends.add(status)
    assert ends == {P.COMPLETED}
