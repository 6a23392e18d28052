"""The words of why an invoice is not paid: one sentence in English for services, and in each language of the portal."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from app.domain.invoice import InvoiceStatus
from app.domain.money import Money
from app.domain.payment import PaymentStatus
from app.domain.why_not_paid import Facts, Notice, Question, Try, explain
from app.web import why_words
from app.web.language import LANGUAGES
from app.web.translation import speaking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Portal

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALL = Money(12_000, "EUR")
S, P = InvoiceStatus, PaymentStatus


def facts(status: InvoiceStatus = S.UNPAID, *tries: Try, due: int = 12_000, **more: object) -> Facts:
    return Facts(status, ALL, Money(due, "EUR"), tries=tries, **more)  # type: ignore[arg-type]


def a_try(status: PaymentStatus, **more: object) -> Try:
    return Try(status, "everypay", NOON, **more)  # type: ignore[arg-type]


def everything() -> Iterator[Facts]:
    """Every state with and without what may be missing."""
    whole: dict[str, Any] = {"link": "http://pay", "paid_at": NOON, "cancelled_at": NOON, "cancel_reason": "x"}
    bare: list[dict[str, Any]] = [{}, whole, {"cancelled_at": NOON}, {"cancel_reason": "x"}]
    notices = [
        None,
        *(Notice("registry", state, 3, NOON, NOON, answer) for state in ("dead", "pending") for answer in (None, 500)),
    ]
    ends: list[dict[str, Any]] = [{}, {"next_check_at": NOON, "expires_at": NOON, "failure_code": "4024"}]
    for status, paid, more, notice, end in product(S, [None, *P], bare, notices, ends):
        for state, reference, unread in product([None, "initial", "sent_for_processing"], [False, True], [False, True]):
            tries = (
                []
                if paid is None
                else [a_try(paid, provider_state=state, has_reference=reference, unread=unread, **end)]
            )
            yield facts(status, *tries, *tries[:1], notice=notice, **more)
            yield facts(status, *tries, due=10_000, gateway_rests_until=NOON, **more)
    yield facts(questions=(Question("1.00 EUR instead of 120.00 EUR", "finance", NOON),))


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
                "nobody tries again (tries: 12), so send the news again or look at registry."
            ),
        ),
    ],
)
def test_an_answer_is_one_sentence_with_the_next_step(known: Facts, cause: str, sentence: str) -> None:
    finding = explain(known).finding
    because, step, whole = why_words.in_english(finding)
    assert (finding.cause, whole) == (cause, sentence)
    assert whole == f"{because}: {step}."


def test_every_answer_has_words_in_every_language_and_every_word_is_needed(portal: Portal) -> None:
    used: set[str] = set()
    seen: set[tuple[object, ...]] = set()
    with portal.system.app.test_request_context():
        for known in everything():
            finding = explain(known).finding
            key = (finding.because.code, finding.next_step.code)
            if key in seen:
                continue
            seen.add(key)
            used |= set(key)
            said = {why_words.in_english(finding)[2]}
            for language in LANGUAGES:
                with speaking(language):
                    said.add(why_words.sentence(finding))
            assert len(said) >= len(LANGUAGES), key
            assert not any("%(" in each or "\n" in each for each in said)
    assert used == {*why_words.BECAUSE, *why_words.NEXT_STEP}


def test_the_portal_says_it_in_the_reader_s_words(portal: Portal) -> None:
    failed = explain(facts(S.CHARGED_WITH_ERROR, a_try(P.FAILED, failure_code="4024"), a_try(P.EXPIRED))).finding
    part = explain(facts(S.PARTIALLY_PAID, a_try(P.COMPLETED), due=10_000)).finding
    with portal.system.app.test_request_context(), speaking("et"):
        assert "EveryPay" in why_words.because(explain(facts(S.PENDING, a_try(P.PENDING))).finding)
        assert "ebaõnnestus" in why_words.because(failed).lower()
        assert "14:00" in why_words.because(failed), "Tallinn's clock"
        assert "120,00" in why_words.because(part)
