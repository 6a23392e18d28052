"""Every state an invoice and its last payment can be in has exactly one answer, with a next step."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

from app.domain.invoice import InvoiceStatus
from app.domain.money import Money
from app.domain.payment import PaymentStatus
from app.domain.why_not_paid import CAUSES, FOUND, Facts, Said, Try, explain

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
        assert explained.finding.because.code
        assert explained.finding.next_step.code
        names = [name for name, _ in CAUSES]
        assert list(explained.ruled_out) == names[: len(explained.ruled_out)]
    assert seen == set(FOUND) - {"not_told", "waits_for_a_person", "gateway_away", "part_paid"}


def test_what_is_said_carries_what_it_is_about() -> None:
    finding = explain(facts(S.PENDING, a_try(P.PENDING, provider_state="initial", next_check_at=NOON))).finding
    assert finding.because == Said("page_untouched", {"gateway": "everypay", "since": NOON})
    assert finding.next_step == Said("remind_at", {"at": NOON})
    part = explain(facts(S.PARTIALLY_PAID, a_try(P.COMPLETED), due=10_000)).finding
    assert part.because == Said("part_paid", {"came": Money(2_000, "EUR"), "total": ALL})
