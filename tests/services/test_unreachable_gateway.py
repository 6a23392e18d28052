"""A gateway that cannot be asked for days: a person is asked, and later news starts over (reliability.md 3.5, 3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.domain.retry import PROVIDER_FETCH
from app.integrations import http
from app.integrations.breaker import Breaker
from app.integrations.fault_dial import Fault
from app.services.refresh import MOST_PATIENT_S, ORDINARY, _patience_s
from tests.services.refunding import assert_sound, questions

if TYPE_CHECKING:
    from tests.system import System

LOOKS = "select state, attempts from outbox where kind = 'gateway.payment.refresh' order by id"
CLEAN = "select clean_seq = dirty_seq from gateway_reference where external_id = :r"


@pytest.fixture(autouse=True)
def _no_breath(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once: each of some eighty calls would wait for a second in all."""
    monkeypatch.setattr(http, "_BREATH_S", 0.001)


def _let_it_be_asked(system: System) -> None:
    system.app.extensions["integrations"].everypay._caller.breaker = Breaker()
    system.hurry()


def _given_up(system: System) -> str:
    """Return a payment the gateway could not be asked about for days, and let it answer again."""
    reference = system.one_off(system.invoice())
    system.shop.dial.turn([Fault(operation="fetch", kind="http", status=500, times=1000)])
    _ask_until_given_up(system, reference)
    system.shop.dial.turn([])
    return reference


def _ask_until_given_up(system: System, reference: str) -> None:
    system.callback(reference)
    for _try in range(len(PROVIDER_FETCH.delays_s) + 1):
        system.drain()
        _let_it_be_asked(system)


@pytest.mark.slow
def test_a_look_that_failed_for_days_becomes_a_question_and_later_news_is_looked_into(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    system.shop.dial.turn([Fault(operation="fetch", kind="http", status=500, times=1000)])
    system.callback(reference)
    for _try in range(len(PROVIDER_FETCH.delays_s) + 1):
        assert questions(system, reference) == []
        system.drain()
        _let_it_be_asked(system)

    assert [row.state for row in system.rows(LOOKS)] == ["dead"]
    assert system.scalar(CLEAN, r=reference) is True
    assert questions(system, reference) == [("outbox.dead", None), ("gateway.unreachable", None)]
    assert system.status(number) == "pending"

    system.shop.dial.turn([])
    _let_it_be_asked(system)
    system.callback(reference)
    system.drain()
    assert system.status(number) == "paid"
    answered = "the gateway answered after all"
    assert questions(system, reference) == [("outbox.dead", answered), ("gateway.unreachable", answered)]
    assert {row.state for row in system.rows(LOOKS)} == {"done"}
    assert_sound(system)


@pytest.mark.slow
def test_an_answer_about_one_payment_closes_no_question_about_another(system: System) -> None:
    ended = (_given_up(system), _given_up(system))
    system.callback(ended[0])
    system.drain()
    assert {said for _kind, said in questions(system, ended[0])} == {"the gateway answered after all"}
    assert {said for _kind, said in questions(system, ended[1])} == {None}


@pytest.mark.slow
def test_a_gateway_that_falls_silent_once_more_is_asked_about_once_more(system: System) -> None:
    reference = _given_up(system)
    system.callback(reference)
    system.drain()
    system.shop.dial.turn([Fault(operation="fetch", kind="http", status=500, times=1000)])
    _ask_until_given_up(system, reference)
    said = [said for kind, said in questions(system, reference) if kind == "gateway.unreachable"]
    assert said == ["the gateway answered after all", None]


@pytest.mark.parametrize(
    ("heard", "waits_s"),
    [(0, 0), (ORDINARY, 0), (ORDINARY + 1, 1), (ORDINARY + MOST_PATIENT_S, MOST_PATIENT_S), (10_000, MOST_PATIENT_S)],
)
def test_news_waits_a_second_longer_with_each_message_beyond_the_ordinary(heard: int, waits_s: int) -> None:
    assert _patience_s(heard) == waits_s
