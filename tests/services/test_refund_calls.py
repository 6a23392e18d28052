"""Sending a refund: once, whoever else sends it, and found out when nobody answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import Conflict, ProviderFailure
from app.domain.refund import RefundTooLarge
from app.extensions import db
from app.integrations import current
from app.services import refund_calls, refunds, voids
from app.services.refund_calls import Sending
from tests.services.refunding import (
    MARY,
    ask,
    assert_sound,
    order,
    payment_id,
    questions,
    send,
    status,
    watch,
    went_back,
)

if TYPE_CHECKING:
    from app.domain.refund import RefundStatus
    from app.services.refunds import RefundOrder
    from tests.system import System


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


class TestAnAnswerThatIsLost:
    """Nobody knows whether it was done: the gateway is looked at, and nothing is sent twice (security.md T17)."""

    @pytest.mark.parametrize("kind", ["reset_after", "timeout_after", "truncate", "html", "http_after"])
    def test_after_it_was_done_is_found_out(self, system: System, kind: str) -> None:
        number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        system.shop.dial.script([{"operation": "refund", "kind": kind, "seconds": 0.01}])
        assert send(system, refund.id) == "unknown"
        assert send(system, refund.id) == "unknown"
        with pytest.raises(RefundTooLarge):
            ask(system, order(system, reference, 4001, "2"))
        system.drain()
        assert status(system, refund.id) == "succeeded"
        assert went_back(system, reference) == [Decimal("60.00")]
        assert system.status(number) == "partially_refunded"
        assert_sound(system)

    @pytest.mark.parametrize("kind", ["unknown_state", "wrong_amount"])
    def test_an_answer_that_does_not_add_up_is_no_answer(self, system: System, kind: str) -> None:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 10000))
        system.shop.dial.script([{"operation": "refund", "kind": kind}])
        assert send(system, refund.id) == "unknown"
        system.drain()
        assert status(system, refund.id) == "succeeded"
        assert went_back(system, reference) == [Decimal("100.00")]
        assert_sound(system)

    @pytest.mark.parametrize("kind", ["reset", "http"])
    def test_before_it_was_done_it_fails_after_an_hour_and_a_person_hears(self, system: System, kind: str) -> None:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        system.shop.dial.script([{"operation": "refund", "kind": kind}])
        assert send(system, refund.id) == "unknown"
        watch(system)
        assert status(system, refund.id) == "unknown"
        system.sql("update refund set sent_at = now() - interval '61 minutes' where id = :i", i=refund.id)
        watch(system)
        assert status(system, refund.id) == "failed"
        assert questions(system, reference) == [("refund.failed", None)]
        ask(system, order(system, reference, 10000, "2"))
        system.drain()
        assert went_back(system, reference) == [Decimal("100.00")]
        assert_sound(system)

    def test_with_the_process_that_sent_it_is_found_out(self, system: System) -> None:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        died = "update refund set status = 'processing', nonce = 'x', sent_at = now(), next_check_at = now()"
        system.sql(f"{died} where id = :i", i=refund.id)
        system.pay(reference, "refunded", standing=Decimal("40.00"))
        watch(system)
        assert status(system, refund.id) == "succeeded"
        assert went_back(system, reference) == [Decimal("60.00")]
        assert_sound(system)

    def test_what_never_left_is_sent_later(self, system: System) -> None:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        system.shop.dial.script([{"operation": "refund", "kind": "http", "status": 429}])
        with pytest.raises(ProviderFailure):
            send(system, refund.id)
        assert status(system, refund.id) == "requested"
        system.drain()
        assert status(system, refund.id) == "succeeded"
        assert went_back(system, reference) == [Decimal("60.00")]

    @pytest.mark.parametrize("kind", ["reset", "timeout_after", "truncate", "http"])
    def test_nothing_leaves_while_the_gateway_does_not_say_what_it_holds(self, system: System, kind: str) -> None:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        system.shop.dial.script([{"operation": "fetch", "kind": kind, "seconds": 0.01, "times": 0}])
        with pytest.raises(ProviderFailure):
            send(system, refund.id)
        system.shop.dial.turn([])
        assert (status(system, refund.id), went_back(system, reference)) == ("requested", [])
        assert send(system, refund.id) == "succeeded"
        assert went_back(system, reference) == [Decimal("60.00")]
        assert_sound(system)

    def test_what_is_refused_three_times_has_failed(self, system: System) -> None:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        system.shop.dial.script([{"operation": "refund", "kind": "http", "status": 403, "times": 0}])
        for _ in range(4):
            system.hurry()
            system.drain()
        assert status(system, refund.id) == "failed"
        assert system.scalar("select tries from refund where id = :i", i=refund.id) == 3


class TestTogether:
    """Real threads on real connections."""

    def test_twenty_parallel_refunds_of_sixty_on_a_hundred_give_back_sixty(self, system: System) -> None:
        number, reference = system.settle(amount="100.00")
        wanted = [order(system, reference, 6000, str(each)) for each in range(20)]
        start = Barrier(20)

        def take(one: RefundOrder) -> bool:
            with system.app.app_context():
                start.wait()
                try:
                    refund = refunds.request(one, actor=MARY)
                    refund_calls.execute(refund.id, current().everypay)
                except RefundTooLarge:
                    return False
                finally:
                    db.session.remove()
            return True

        with ThreadPoolExecutor(20) as pool:
            assert sum(pool.map(take, wanted)) == 1
        system.drain()
        assert went_back(system, reference) == [Decimal("60.00")]
        assert system.status(number) == "partially_refunded"
        assert_sound(system)

    def test_eight_workers_send_one_refund_once(self, system: System) -> None:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 6000))
        start = Barrier(8)

        def work(_: int) -> RefundStatus:
            start.wait()
            return send(system, refund.id)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        system.drain()
        assert went_back(system, reference) == [Decimal("60.00")]
        assert status(system, refund.id) == "succeeded"
        assert_sound(system)

    def test_two_refunds_of_one_payment_leave_one_after_the_other(self, system: System) -> None:
        _number, reference = system.settle(amount="100.00")
        first, second = (ask(system, order(system, reference, 3000, key)) for key in "ab")
        system.shop.dial.script([{"operation": "refund", "kind": "reset_after"}])
        assert send(system, first.id) == "unknown"
        with pytest.raises(ProviderFailure):
            send(system, second.id)
        system.drain()
        system.hurry()
        system.drain()
        assert (status(system, first.id), status(system, second.id)) == ("succeeded", "succeeded")
        assert went_back(system, reference) == [Decimal("30.00")] * 2
        assert_sound(system)


def test_a_refund_there_takes_the_money_a_waiting_one_was_promised(system: System) -> None:
    number, reference = system.settle(amount="100.00")
    refund = ask(system, order(system, reference, 6000))
    system.pay(reference, "refunded", standing=Decimal("50.00"))
    system.callback(reference)
    system.sql("update outbox set run_at = now() + interval '1 hour' where kind = 'gateway.refund.execute'")
    system.drain()
    assert status(system, refund.id) == "cancelled"
    system.hurry()
    system.drain()
    assert went_back(system, reference) == [Decimal("50.00")]
    assert system.status(number) == "partially_refunded"
    assert_sound(system)


class TestOneMadeThereWhileOursIsOnItsWay:
    """The same amount goes back at the gateway in between: it is taken for ours, and ours still has to be found."""

    def begin(self, system: System) -> tuple[str, Sending]:
        _number, reference = system.settle(amount="100.00")
        refund = ask(system, order(system, reference, 3000))
        with system.app.app_context():
            sending = refund_calls._begin(refund.id, current().everypay)
            db.session.remove()
        assert isinstance(sending, Sending)
        system.pay(reference, "refunded", standing=Decimal("70.00"))
        system.callback(reference)
        system.drain()
        assert status(system, refund.id) == "succeeded"
        return reference, sending

    def both_are_booked(self, system: System, reference: str) -> None:
        system.drain()
        back = system.scalar("select refunded_minor from payment where external_id = :r", r=reference)
        assert (back, went_back(system, reference)) == (6000, [Decimal("30.00")] * 2)
        assert questions(system, reference) == [("payment.partially_refunded", None)]
        assert_sound(system)

    def test_ours_is_answered(self, system: System) -> None:
        reference, sending = self.begin(system)
        with system.app.app_context():
            refund_calls._store_answer(sending, current().everypay.refund_payment(sending.request))
        self.both_are_booked(system, reference)

    def test_the_answer_to_ours_is_lost(self, system: System) -> None:
        reference, sending = self.begin(system)
        system.shop.dial.script([{"operation": "refund", "kind": "reset_after"}])
        with system.app.app_context():
            with pytest.raises(ProviderFailure) as lost:
                current().everypay.refund_payment(sending.request)
            refund_calls._store_failure(sending, lost.value)
        self.both_are_booked(system, reference)


class TestVoid:
    """What is only reserved is let go."""

    def test_a_lost_answer_is_found_out(self, system: System) -> None:
        number, payment = reserved(system)
        system.shop.dial.script([{"operation": "void", "kind": "reset_after"}])
        assert let_go(system, payment) == "cancelled"
        assert system.status(number) == "unpaid"

    def test_a_void_that_came_to_nothing_leaves_the_money_reserved(self, system: System) -> None:
        _number, payment = reserved(system)
        system.shop.dial.script([{"operation": "void", "kind": "http", "status": 422}])
        with pytest.raises(ProviderFailure):
            let_go(system, payment)
        assert system.scalar("select status from payment where id = :p", p=payment) == "authorized"

    def test_money_that_was_taken_is_not_voided(self, system: System) -> None:
        _number, reference = system.settle()
        with pytest.raises(Conflict):
            let_go(system, payment_id(system, reference))


def reserved(system: System) -> tuple[int, int]:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference, "authorised")
    system.callback(reference)
    system.drain()
    return number, payment_id(system, reference)


def let_go(system: System, payment: int) -> str:
    with system.app.app_context():
        return str(voids.void(payment, current().everypay, (60,), actor=MARY))
