"""What the gateway shows as charged back or given back, whatever was known before (T15, T16)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.integrations import current
from app.services import refund_calls
from tests.services.disputing import clearing, dispute, hear, payment_status, told
from tests.services.refunding import ask, assert_sound, order, payment_id, questions, send, status, went_back

if TYPE_CHECKING:
    from tests.system import System


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


class TestAChargeback:
    """The gateway shows it: it is booked at once, whatever was known before."""

    def test_is_noticed_and_booked_once(self, system: System) -> None:
        number, reference = system.settle("auction", "100.00")
        for _ in range(3):
            hear(system, reference, "chargebacked")
        assert (system.status(number), payment_status(system, reference)) == ("chargeback", "charged_back")
        assert clearing(system, reference) == 0
        assert questions(system, reference) == [("payment.charged_back", None)]
        assert told(system, number) == ["refunded"]
        assert_sound(system)

    def test_ends_the_dispute_it_follows_from(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        key = dispute(system, reference)
        hear(system, reference, "chargebacked")
        assert system.scalar("select status from dispute where id = :k", k=key) == "lost"
        assert system.scalar("select count(*) from dispute where payment_id = :p", p=payment_id(system, reference)) == 1
        assert system.status(number) == "chargeback"
        assert_sound(system)

    def test_of_less_than_was_disputed_takes_that_and_lets_the_rest_go(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        key = dispute(system, reference, 6000)
        hear(system, reference, "chargebacked", "75.00")
        assert (system.status(number), clearing(system, reference)) == ("partially_refunded", 7500)
        assert system.scalar("select status from dispute where id = :k", k=key) == "closed"
        assert system.scalar("select outcome from dispute where id = :k", k=key) == "25.00 EUR of it were taken"
        rows = system.rows("select amount_minor, status from dispute where id > :k", k=key)
        assert [tuple(row) for row in rows] == [(2500, "lost")]
        assert system.scalar("select disputed_minor from invoice where number = :n", n=number) == 0
        assert_sound(system)

    def test_of_a_part_leaves_the_rest_to_be_given_back(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        hear(system, reference, "chargebacked", "70.00")
        assert (system.status(number), clearing(system, reference)) == ("partially_refunded", 7000)
        hear(system, reference, "chargebacked", "0.00")
        assert (system.status(number), payment_status(system, reference)) == ("chargeback", "charged_back")
        assert clearing(system, reference) == 0
        assert_sound(system)

    def test_that_takes_nothing_is_a_question(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        hear(system, reference, "chargebacked", "100.00")
        hear(system, reference, "chargebacked", "100.00")
        assert (system.status(number), clearing(system, reference)) == ("paid", 10000)
        assert questions(system, reference) == [("payment.charged_back", None)]
        assert_sound(system)

    def test_after_a_refund_takes_what_was_left(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        ask(system, order(system, reference, 6000))
        system.drain()
        hear(system, reference, "chargebacked")
        assert (system.status(number), clearing(system, reference)) == ("chargeback", 0)
        lost = "select lost_minor from payment where external_id = :r"
        assert system.scalar(lost, r=reference) == 4000
        assert_sound(system)

    def test_before_a_refund_leaves_stops_it(self, system: System) -> None:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        system.pay(reference, "chargebacked", standing=Decimal("0.00"))
        system.callback(reference)
        system.sql("update outbox set run_at = now() + interval '1 hour' where kind = 'gateway.refund.execute'")
        system.drain()
        assert status(system, refund.id) == "cancelled"
        system.hurry()
        system.drain()
        assert went_back(system, reference) == []
        assert_sound(system)

    def test_while_a_refund_is_unknown_is_a_question(self, system: System) -> None:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        system.shop.dial.script([{"operation": "refund", "kind": "reset"}])
        assert send(system, refund.id) == "unknown"
        hear(system, reference, "chargebacked")
        assert status(system, refund.id) == "failed"
        assert ("refund.charged_back", None) in questions(system, reference)
        assert_sound(system)

    def test_between_the_gateways_yes_and_our_reading_of_it_is_not_lost(self, system: System) -> None:
        """The refund was executed and a chargeback took the rest before the answer was stored."""
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        with system.app.app_context():
            sending = refund_calls._begin(refund.id, current().everypay)
            assert not isinstance(sending, str)
            answer = current().everypay.refund_payment(sending.request)
        hear(system, reference, "chargebacked")
        with system.app.app_context():
            refund_calls._store_answer(sending, answer)
        system.drain()
        assert clearing(system, reference) == 0
        assert ("refund.charged_back", None) in questions(system, reference)
        assert_sound(system)


class TestARefundMadeThere:
    """Noticed, booked by its amount, told to who listens."""

    def test_is_told_to_the_auction_when_everything_went_back(self, system: System) -> None:
        number, reference = system.settle("auction", "100.00")
        hear(system, reference, "refunded", "40.00")
        assert (told(system, number), system.status(number)) == ([], "partially_refunded")
        hear(system, reference, "refunded", "0.00")
        assert (told(system, number), system.status(number)) == (["refunded"], "refunded")
        assert questions(system, reference) == [("payment.partially_refunded", None), ("payment.refunded", None)]
        assert_sound(system)

    def test_is_not_told_to_who_refuses_the_word_nor_to_who_asked(self, system: System) -> None:
        number, reference = system.settle("registry")
        hear(system, reference, "refunded")
        assert told(system, number) == []
        number, reference = system.settle("auction")
        said = {"params": {"invoice_number": number}}
        assert system.call("auction", "/refund/auction", said).status_code == 200
        system.drain()
        assert (told(system, number), system.status(number)) == ([], "refunded")
