"""Disputes with deadline and outcome, chargebacks, and refunds between them (other-systems.md 7.3; T15, T16)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from app.domain.errors import NotFound
from app.domain.refund import RefundNotPossible, RefundTooLarge
from app.services import dispute_deadlines, disputes
from app.services.dispute_transitions import DisputeRefused
from tests.services.disputing import clearing, dispute, hear, payment_status, told
from tests.services.refunding import MARY, ask, assert_sound, order, payment_id, questions, went_back

if TYPE_CHECKING:
    from tests.system import System


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


class TestADispute:
    """While it is open the money waits; its outcome decides."""

    def test_puts_the_invoice_in_protest_and_holds_the_money_back(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        dispute(system, reference, 7000)
        assert system.status(number) == "in_protest"
        with pytest.raises(RefundTooLarge):
            ask(system, order(system, reference, 3001))
        ask(system, order(system, reference, 3000))
        system.drain()
        assert went_back(system, reference) == [Decimal("30.00")]
        with pytest.raises(DisputeRefused):
            dispute(system, reference, 1)
        assert_sound(system)

    def test_of_more_than_is_there_or_of_nothing_is_refused(self, system: System) -> None:
        _number, reference = system.settle(amount="100.00")
        ask(system, order(system, reference, 6000))
        for minor in (4001, 0, -1):
            with pytest.raises(DisputeRefused):
                dispute(system, reference, minor)
        with system.app.app_context(), pytest.raises(NotFound):
            disputes.open_dispute(999_999, 1, reason="x", actor=MARY)
        with system.app.app_context(), pytest.raises(NotFound):
            disputes.win(999_999, actor=MARY)

    def test_that_is_lost_takes_the_money(self, system: System) -> None:
        number, reference = system.settle("auction", "100.00")
        key = dispute(system, reference)
        with system.app.app_context():
            disputes.take_up(key, actor=MARY)
            disputes.lose(key, actor=MARY)
        system.drain()
        assert (system.status(number), payment_status(system, reference)) == ("chargeback", "charged_back")
        assert clearing(system, reference) == 0
        assert told(system, number) == ["refunded"]
        with pytest.raises(RefundNotPossible):
            ask(system, order(system, reference, 1))
        assert_sound(system)

    @pytest.mark.parametrize("end", [disputes.win, disputes.close])
    def test_that_is_won_or_withdrawn_lets_the_money_go(self, system: System, end: object) -> None:
        number, reference = system.settle(amount="100.00")
        key = dispute(system, reference)
        with system.app.app_context():
            if end is disputes.win:
                disputes.win(key, actor=MARY)
            else:
                disputes.close(key, actor=MARY, outcome="withdrawn")
        assert (system.status(number), clearing(system, reference)) == ("paid", 10000)
        ask(system, order(system, reference))
        system.drain()
        assert system.status(number) == "refunded"
        assert_sound(system)

    @pytest.mark.parametrize("minor", [10000, 4000])
    def test_that_was_lost_may_be_won_after_all(self, system: System, minor: int) -> None:
        number, reference = system.settle(amount="100.00")
        key = dispute(system, reference, minor)
        with system.app.app_context():
            disputes.lose(key, actor=MARY)
        assert system.status(number) == ("chargeback" if minor == 10000 else "partially_refunded")
        with system.app.app_context():
            disputes.win(key, actor=MARY)
            with pytest.raises(DisputeRefused):
                disputes.lose(key, actor=MARY)
        assert (system.status(number), payment_status(system, reference)) == ("paid", "completed")
        assert clearing(system, reference) == 10000
        assert_sound(system)

    def test_after_a_part_went_back_ends_as_it_must(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        ask(system, order(system, reference, 4000))
        system.drain()
        key = dispute(system, reference, 6000)
        with system.app.app_context():
            disputes.lose(key, actor=MARY)
        assert (system.status(number), clearing(system, reference)) == ("chargeback", 0)
        with system.app.app_context():
            disputes.win(key, actor=MARY)
        assert (system.status(number), payment_status(system, reference)) == (
            "partially_refunded",
            "partially_refunded",
        )
        assert_sound(system)

    def test_that_is_won_after_the_rest_went_back_leaves_money_to_give_back(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        key = dispute(system, reference, 4000)
        hear(system, reference, "chargebacked", "60.00")
        hear(system, reference, "refunded", "0.00")
        assert payment_status(system, reference) == "refunded"
        with system.app.app_context():
            disputes.win(key, actor=MARY)
        assert (system.status(number), payment_status(system, reference)) == (
            "partially_refunded",
            "partially_refunded",
        )
        assert clearing(system, reference) == 4000
        assert_sound(system)

    def test_about_money_that_went_back_at_the_gateway_ends(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        key = dispute(system, reference, 6000)
        hear(system, reference, "refunded", "55.00")
        assert (system.status(number), clearing(system, reference)) == ("partially_refunded", 5500)
        assert system.scalar("select status from dispute where id = :k", k=key) == "closed"
        assert system.scalar("select disputed_minor from invoice where number = :n", n=number) == 0
        assert_sound(system)

    def test_goes_on_beside_a_refund_that_leaves_its_money_there(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        key = dispute(system, reference, 6000)
        hear(system, reference, "refunded", "60.00")
        assert (system.status(number), clearing(system, reference)) == ("in_protest", 6000)
        assert system.scalar("select status from dispute where id = :k", k=key) == "opened"
        assert_sound(system)

    def test_comes_before_a_refund_that_waits(self, system: System) -> None:
        _number, reference = system.settle(amount="1000.00")
        waits = ask(system, order(system, reference, 60000))
        assert waits.status == "pending_approval"
        key = dispute(system, reference, 30000)
        hear(system, reference, "refunded", "800.00")
        assert clearing(system, reference) == 80000
        assert system.scalar("select status from refund where id = :i", i=waits.id) == "cancelled"
        assert system.scalar("select status from dispute where id = :k", k=key) == "opened"
        assert_sound(system)

    def test_asks_for_evidence_three_days_and_one_day_before_its_deadline(self, system: System) -> None:
        _number, reference = system.settle(amount="100.00")
        today = datetime.now(UTC).date()
        dispute(system, reference, due=today + timedelta(days=5))
        asked = []
        for day in range(6):
            with system.app.app_context():
                dispute_deadlines.warn(today + timedelta(days=day))
            asked.append(len(questions(system, reference)))
        assert asked == [0, 0, 1, 1, 2, 2]


EVENTS = {
    "status_updated": None, "voided": None, "refunded": None, "chargebacked": None, "marked_for_capture": None,
    "abandoned": None, "card_art_updated": None, "token_updated": None, "status_update": None,
    "refund_failed": "refund.failed_late",
    "issuer_reported_fraudulent": "payment.fraud_reported", "merchant_reported_fraudulent": "payment.fraud_reported",
    "dispute_opened": "dispute.reported", "dispute_updated": "dispute.reported", "dispute_reopened": "dispute.reported",
    "dispute_charged_back": "dispute.reported", "dispute_reversed": "dispute.ended",
    "made_up": "gateway.event_unknown",
}  # fmt: skip


@pytest.mark.parametrize(("event", "question"), EVENTS.items())
def test_what_an_event_says_beside_the_state_is_a_question_once(
    system: System, event: str, question: str | None
) -> None:
    number, reference = system.settle(amount="100.00")
    for _ in range(2):
        hear(system, reference, event=event)
    assert questions(system, reference) == ([(question, None)] if question else [])
    assert system.status(number) == "paid"


def test_a_reported_dispute_keeps_refunds_waiting_for_a_second_person(system: System) -> None:
    _number, reference = system.settle(amount="100.00")
    hear(system, reference, event="dispute_opened")
    assert ask(system, order(system, reference, 100)).status == "pending_approval"


def news(system: System, reference: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the public events about disputes of a payment, each with what it says of the dispute."""
    rows = system.rows(
        "select type, payload from announcement where payment_id = :p and type like 'dispute.%' order by id",
        p=payment_id(system, reference),
    )
    return [(row.type, row.payload["data"]["dispute"]) for row in rows]


def test_the_service_hears_of_a_dispute_from_its_opening_to_its_end(system: System) -> None:
    today = date(2026, 11, 21)
    _number, reference = system.settle("auction", "100.00")
    with system.app.app_context():
        key = dispute(system, reference, due=today + timedelta(days=3))
        dispute_deadlines.warn(today)
        dispute_deadlines.warn(today)
        disputes.take_up(key, actor=MARY)
        disputes.lose(key, actor=MARY)
        disputes.win(key, actor=MARY)
    told = news(system, reference)
    assert [(kind, said["status"]) for kind, said in told] == [
        ("dispute.opened", "opened"),
        ("dispute.deadline", "opened"),
        ("dispute.updated", "under_review"),
        ("dispute.lost", "lost"),
        ("dispute.won", "won"),
    ]
    assert {said["id"] for _, said in told} == {told[0][1]["id"]}
    assert told[0][1]["id"].startswith("dp_")
    assert told[1][1]["evidence_due_on"] == "2026-11-24"
    assert told[0][1]["amount"] == "100.00"
    assert_sound(system)


def test_money_that_was_gone_before_anybody_looked_is_told_of_once_it_is_back(system: System) -> None:
    number = system.invoice(amount="100.00")
    reference = system.one_off(number)
    system.pay(reference)
    hear(system, reference, "chargebacked")
    notices = """select payload->'body'->>'payment_state' from outbox
                  where kind = 'initiator.payment.notify' and invoice_id = (select id from invoice where number = :n)"""
    assert system.status(number) == "chargeback"
    assert system.rows(notices, n=number) == []
    lost = system.scalar("select id from dispute where payment_id = :p", p=payment_id(system, reference))
    with system.app.app_context():
        disputes.win(lost, actor=MARY)
    assert system.status(number) == "paid"
    assert [tuple(each) for each in system.rows(notices, n=number)] == [("settled",)]
    assert_sound(system)
