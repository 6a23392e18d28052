"""What an old status word means in our facts, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.domain.imported import WORDS, facts_of
from app.domain.invoice import EIS_NUMBER, EIS_WORD, InvoiceStatus, derive_status


@pytest.mark.parametrize("word", EIS_NUMBER)
def test_an_old_word_becomes_facts_that_say_the_same_word(word: str) -> None:
    assert EIS_WORD[derive_status(facts_of(word, 12_000))] == word


def test_what_the_auction_calls_issued_is_unpaid() -> None:
    assert derive_status(facts_of("issued", 1)) is InvoiceStatus.UNPAID


@pytest.mark.parametrize("word", sorted({*WORDS} - {"cancelled"}))
def test_nothing_to_pay_is_paid(word: str) -> None:
    assert derive_status(facts_of(word, 0)) is InvoiceStatus.PAID


def test_nothing_to_pay_stays_cancelled() -> None:
    assert derive_status(facts_of("cancelled", 0)) is InvoiceStatus.CANCELLED


@given(st.sampled_from(WORDS), st.integers(0, 10**12))
def test_money_is_all_or_nothing(word: str, total: int) -> None:
    facts = facts_of(word, total)
    assert facts.captured_minor in {0, total}
    assert facts.refunded_minor in {0, facts.captured_minor}
    assert facts.ever_paid or facts.captured_minor == 0


@pytest.mark.parametrize("word", ["", "PAID", "partially_paid", "1", "paid "])
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(Invalid):
        facts_of(word, 1)
