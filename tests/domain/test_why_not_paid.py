"""Every state an invoice and its last payment can be in has exactly one answer, with a next step."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from app.domain.invoice import InvoiceStatus
from app.domain.money import Money
from app.domain.payment import PaymentStatus
from app.domain.why_not_paid import CAUSES, FOUND, Facts, Notice, Question, Try, explain

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALL = Money(12_000, "EUR")
S, P = InvoiceStatus, PaymentStatus


def facts(status: InvoiceStatus = S.UNPAID, *tries: Try, due: int = 12_000, **more: object) -> Facts:
    return Facts(status, ALL, Money(due, "EUR"), tries=tries, **more)  # type: ignore[arg-type]


def a_try(status: PaymentStatus, **more: object) -> Try:
    return Try(status, "everypay", NOON, **more)  # type: ignore[arg-type]


def test_every_state_has_one_answer() -> None:
    seen = set()
    for status, paid, untouched, reference, unread in product(S, [None, *P], *[[False, True]] * 3):
        state = "initial" if untouched else "sent_for_processing"
        tries = [] if paid is None else [a_try(paid, provider_state=state, has_reference=reference, unread=unread)]
        explained = explain(facts(status, *tries))
        seen.add(explained.finding.cause)
        assert explained.finding.cause in FOUND
        assert explained.finding.sentence.endswith(".")
        assert explained.finding.next_step
        names = [name for name, _ in CAUSES]
        assert list(explained.ruled_out) == names[: len(explained.ruled_out)]
    assert seen == set(FOUND) - {"not_told", "waits_for_a_person", "gateway_away", "part_paid"}


@pytest.mark.parametrize(
    ("known", "cause", "sentence"),
    [
        (facts(), "nobody_tried", "Nobody has tried to pay: send the payer to pay."),
        (
            facts(S.OVERDUE, link="http://pay"),
            "nobody_tried",
            "Nobody has tried to pay and it is overdue: send the payer to pay by the payment link.",
        ),
        (
            facts(S.CANCELLED, cancelled_at=NOON, cancel_reason="withdrawn"),
            "cancelled",
            "The invoice was cancelled on 2026-11-21 12:00 UTC (withdrawn): make a new one.",
        ),
        (
            facts(S.CANCELLED, a_try(P.COMPLETED)),
            "cancelled",
            "The invoice was cancelled: money came for it all the same, so refund that or use it for another invoice.",
        ),
        (
            facts(S.CHARGED_WITH_ERROR, a_try(P.FAILED, failure_code="4024"), a_try(P.EXPIRED)),
            "last_try_ended",
            "The last of 2 tries ended as failed with 4024, begun 2026-11-21 12:00 UTC: send the payer to pay again.",
        ),
        (
            facts(S.PENDING, a_try(P.PENDING, provider_state="initial", next_check_at=NOON)),
            "page_untouched",
            (
                "The payer was sent to everypay on 2026-11-21 12:00 UTC and has not paid there: "
                "remind the payer; the next look is at 2026-11-21 12:00 UTC."
            ),
        ),
        (
            facts(S.PENDING, a_try(P.PROCESSING, provider_state="sent_for_processing")),
            "under_way",
            (
                "The payer has begun to pay and everypay has not finished (sent_for_processing): "
                "wait, the next look is when the gateway calls."
            ),
        ),
        (
            facts(S.PENDING, a_try(P.PROCESSING, has_reference=False, expires_at=NOON)),
            "answer_lost",
            (
                "everypay was asked for a payment and its answer was lost: "
                "send the payer to pay again; the lost try is given up at 2026-11-21 12:00 UTC."
            ),
        ),
        (
            facts(S.PENDING, a_try(P.PENDING, unread=True), gateway_rests_until=NOON),
            "gateway_away",
            "everypay has news of a payment and does not answer: it is asked again at 2026-11-21 12:00 UTC.",
        ),
        (
            facts(S.PARTIALLY_PAID, a_try(P.COMPLETED), due=10_000),
            "part_paid",
            "Only 20.00 EUR of 120.00 EUR came: ask the payer for the other 100.00 EUR.",
        ),
        (
            facts(questions=(Question("1.00 EUR instead of 120.00 EUR", "finance", NOON),)),
            "waits_for_a_person",
            "A person must decide first (1.00 EUR instead of 120.00 EUR): finance has it since 2026-11-21 12:00 UTC.",
        ),
        (
            facts(S.PAID, a_try(P.COMPLETED), paid_at=NOON, notice=Notice("registry", "pending", 3, NOON, NOON, 500)),
            "not_told",
            (
                "The invoice was paid on 2026-11-21 12:00 UTC, but registry, which last answered 500, has not taken "
                "the news: wait for try 4 at 2026-11-21 12:00 UTC."
            ),
        ),
        (
            facts(S.PAID, a_try(P.COMPLETED), notice=Notice("registry", "dead", 12, NOON, NOON)),
            "not_told",
            (
                "The invoice was paid, but registry has not taken the news: "
                "nobody tries again after 12 tries, so send the news again or look at registry."
            ),
        ),
    ],
)
def test_an_answer_is_one_sentence_with_the_next_step(known: Facts, cause: str, sentence: str) -> None:
    finding = explain(known).finding
    assert (finding.cause, finding.sentence) == (cause, sentence)
