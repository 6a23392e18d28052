"""Asking for money back: reserved at once, never more than is there, agreed to by a second person where needed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.errors import Conflict, Forbidden, NotFound
from app.domain.refund import RefundNotPossible, RefundTooLarge
from app.services import refunds
from app.services.refunds import RefundOrder, RequestedRefund
from tests.services.refunding import (
    AUCTION,
    JAAN,
    MARY,
    ask,
    assert_sound,
    order,
    payment_id,
    questions,
    send,
    status,
    went_back,
)

if TYPE_CHECKING:
    from tests.system import System


@pytest.fixture
def system(shared_system: System) -> System:
    return shared_system


def test_parts_go_back_one_after_the_other(system: System) -> None:
    number, reference = system.settle(amount="100.00")
    for key, minor in (("a", 3000), ("b", 2000), ("c", None)):
        ask(system, order(system, reference, minor, key))
        system.drain()
    assert went_back(system, reference) == [Decimal("30.00"), Decimal("20.00"), Decimal("50.00")]
    assert system.status(number) == "refunded"
    assert_sound(system)


def test_a_request_says_who_and_why_and_its_end_is_told(system: System) -> None:
    _number, reference = system.settle()
    ask(system, order(system, reference, 100))
    system.drain()
    told = system.rows(
        "select kind, actor, reason from event where kind like 'refund%' and payment_id = :p order by id",
        p=payment_id(system, reference),
    )
    assert [row.kind for row in told] == ["refund.requested", "refund.processing", "refund.succeeded"]
    assert (told[0].actor, told[0].reason) == ("mary", "the payer asked")


def test_the_same_order_again_is_the_same_refund(system: System) -> None:
    _number, reference = system.settle()
    first, again = (ask(system, order(system, reference, 100)) for _ in range(2))
    assert first == again
    with pytest.raises(refunds.OtherOrder):
        ask(system, order(system, reference, 200))
    of_it = "select count(*) from refund where payment_id = :p"
    assert system.scalar(of_it, p=payment_id(system, reference)) == 1


@pytest.mark.parametrize("minor", [0, -1])
def test_nothing_and_less_are_no_refund(system: System, minor: int) -> None:
    _number, reference = system.settle()
    with pytest.raises(RefundNotPossible):
        ask(system, order(system, reference, minor))


def test_what_is_reserved_cannot_be_asked_for_again(system: System) -> None:
    _number, reference = system.settle(amount="100.00")
    ask(system, order(system, reference, 6000, "a"))
    with pytest.raises(RefundTooLarge):
        ask(system, order(system, reference, 4001, "b"))
    assert ask(system, order(system, reference, None, "c")).amount.minor == 4000
    system.drain()
    assert sum(went_back(system, reference)) == Decimal("100.00")
    assert_sound(system)


def test_what_was_withdrawn_is_free_again_and_never_leaves(system: System) -> None:
    _number, reference = system.settle(amount="100.00")
    first = ask(system, order(system, reference, 6000, "a"))
    with system.app.app_context():
        refunds.withdraw(first.id, actor=MARY, reason="a mistake")
        refunds.withdraw(first.id, actor=MARY, reason="clicked twice")
    ask(system, order(system, reference, 10000, "b"))
    system.drain()
    assert status(system, first.id) == "cancelled"
    assert went_back(system, reference) == [Decimal("100.00")]
    assert_sound(system)


def test_an_unpaid_payment_and_a_missing_one_give_nothing_back(system: System) -> None:
    reference = system.one_off(system.invoice())
    with pytest.raises(RefundNotPossible):
        ask(system, order(system, reference))
    with pytest.raises(NotFound):
        ask(system, RefundOrder(999, None, "x", "1"))
    with pytest.raises(NotFound):
        send(system, 999)


class TestTheSecondPerson:
    """Above the limit or after the window, whoever asked is not the one who agrees."""

    @pytest.fixture
    def waiting(self, system: System) -> tuple[str, RequestedRefund]:
        _number, reference = system.settle(amount="900.00")
        return reference, ask(system, order(system, reference, 50001))

    def test_is_asked_above_the_limit_and_nothing_leaves_before(
        self, system: System, waiting: tuple[str, RequestedRefund]
    ) -> None:
        reference, refund = waiting
        system.drain()
        assert send(system, refund.id) == "pending_approval"
        assert went_back(system, reference) == []
        assert questions(system, reference) == [("refund.approval", None)]
        with pytest.raises(RefundTooLarge):
            ask(system, order(system, reference, 40000, "2"))

    def test_agrees_and_it_leaves(self, system: System, waiting: tuple[str, RequestedRefund]) -> None:
        reference, refund = waiting
        with system.app.app_context():
            refunds.approve(refund.id, actor=JAAN)
        system.drain()
        assert went_back(system, reference) == [Decimal("500.01")]
        approved = "select approved_by from refund where id = :i"
        assert system.scalar(approved, i=refund.id) == "operator:jaan"
        assert questions(system, reference) == [("refund.approval", "approved")]
        with system.app.app_context(), pytest.raises(Conflict):
            refunds.approve(refund.id, actor=JAAN)
        assert_sound(system)

    def test_is_never_the_requester_nor_a_machine(self, system: System, waiting: tuple[str, RequestedRefund]) -> None:
        _reference, refund = waiting
        with system.app.app_context():
            with pytest.raises(refunds.SamePerson):
                refunds.approve(refund.id, actor=MARY)
            with pytest.raises(Forbidden):
                refunds.approve(refund.id, actor=AUCTION)
            with pytest.raises(NotFound):
                refunds.approve(999, actor=JAAN)
        with pytest.raises(DBAPIError, match="four_eyes"):
            system.sql("update refund set approved_by = requested_by where id = :i", i=refund.id)

    def test_may_say_no(self, system: System, waiting: tuple[str, RequestedRefund]) -> None:
        reference, refund = waiting
        with system.app.app_context():
            refunds.withdraw(refund.id, actor=JAAN, reason="not our fault")
        system.drain()
        assert (status(system, refund.id), went_back(system, reference)) == ("cancelled", [])
        assert questions(system, reference) == [("refund.approval", "cancelled")]

    def test_is_asked_after_the_tenants_window(self, system: System) -> None:
        _number, reference = system.settle()
        for days, expected in (("10", "pending_approval"), ("12", "requested")):
            system.sql("update setting set value = :d where code = 'refund_window_days'", d=days)
            system.sql(
                "update payment set completed_at = now() - interval '11 days' where external_id = :r", r=reference
            )
            assert ask(system, order(system, reference, 100, days)).status == expected
        system.sql("update setting set value = '90' where code = 'refund_window_days'")

    def test_is_not_asked_about_a_service_unless_the_tenant_wants_it(self, system: System) -> None:
        _number, reference = system.settle("auction", "900.00")
        assert ask(system, order(system, reference, 60000, "a"), AUCTION).status == "requested"
        system.sql("update setting set value = '100' where code = 'service_refund_approval_above'")
        assert ask(system, order(system, reference, 101, "b"), AUCTION).status == "pending_approval"
        system.sql("update setting set value = null where code = 'service_refund_approval_above'")
