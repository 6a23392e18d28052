"""Money given back by a bank transfer of our own: booked once, never sent, and what the gateway holds stays its own."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.errors import Conflict
from app.domain.refund import MadeOutside, RefundNotPossible, RefundTooLarge
from app.domain.tallinn import TALLINN
from app.queries import money_moved
from app.queries.money_moved import MovedFilter
from app.services import closed_days, refunds
from tests.services.refunding import JAAN, ask, assert_sound, order, payment_id, questions, send, status, went_back
from tests.system import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System


def today() -> date:
    return datetime.now(TALLINN).date()


def made(reference: str = "RO-1", days_ago: int = 0) -> MadeOutside:
    return MadeOutside(today() - timedelta(days=days_ago), reference)


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.sql("update setting set value = '50000' where code = 'refund_approval_above'")
    return shared_system


@pytest.fixture
def asking_twice(system: System) -> System:
    system.sql("update setting set value = '100' where code = 'refund_approval_above'")
    return system


@pytest.fixture
def alone(fresh_database: str, redis_url: str) -> Iterator[System]:
    """Return a system in which nobody else moves money."""
    made = build(fresh_database, redis_url)
    yield made
    made.close()


def booked(system: System, reference: str) -> dict[str, int]:
    """Return what the bookings of a payment put on each account."""
    rows = system.rows(
        """select a.code, sum(e.amount_minor)::bigint as minor
             from ledger_transaction t join ledger_entry e on e.transaction_id = t.id
             join ledger_account a on a.id = e.account_id where t.payment_id = :p group by 1""",
        p=payment_id(system, reference),
    )
    return {row.code: row.minor for row in rows}


def of_payment(system: System, reference: str) -> tuple[str, int, int]:
    row = system.rows("select * from payment where external_id = :r", r=reference)[0]
    return row.status, row.refunded_minor, row.outside_minor


def look(system: System, reference: str) -> None:
    system.callback(reference)
    system.drain()


def test_it_is_booked_at_once_off_our_bank_and_nothing_is_sent(system: System) -> None:
    number, reference = system.settle(amount="100.00")
    asked = ask(system, order(system, reference, 3000, made=made()))
    system.drain()
    assert status(system, asked.id) == "succeeded"
    assert went_back(system, reference) == []
    assert system.status(number) == "partially_refunded"
    assert of_payment(system, reference) == ("partially_refunded", 3000, 3000)
    of = booked(system, reference)
    assert (of["clearing:everypay"], of["clearing:bank"], of["invoiced:registry"]) == (10000, -3000, 3000)
    assert_sound(system)


def test_the_gateway_goes_on_to_hold_it_and_no_look_minds(system: System) -> None:
    number, reference = system.settle(amount="100.00")
    ask(system, order(system, reference, made=made()))
    before = questions(system, reference)
    look(system, reference)
    assert system.status(number) == "refunded"
    assert of_payment(system, reference) == ("refunded", 10000, 10000)
    assert questions(system, reference) == before
    assert_sound(system)


def test_the_rest_goes_back_at_the_gateway(system: System) -> None:
    number, reference = system.settle(amount="100.00")
    ask(system, order(system, reference, 3000, "a", made=made()))
    rest = ask(system, order(system, reference, None, "b"))
    assert rest.amount.minor == 7000
    system.drain()
    look(system, reference)
    assert went_back(system, reference) == [Decimal("70.00")]
    assert of_payment(system, reference) == ("refunded", 10000, 3000)
    assert system.status(number) == "refunded"
    assert booked(system, reference)["clearing:everypay"] == 3000
    assert_sound(system)


def test_what_the_gateway_refused_is_answered_by_the_transfer(system: System) -> None:
    number = system.invoice(amount="100.00")
    reference = system.one_off(number)
    system.pay(reference, method="bank")
    look(system, reference)
    refused = ask(system, order(system, reference, None, "a"))
    assert send(system, refused.id) == "failed"
    assert questions(system, reference)[-1] == ("refund.refused", None)
    ask(system, order(system, reference, None, "b", made=made()))
    assert questions(system, reference)[-1] == ("refund.refused", "paid back by bank transfer")
    assert_sound(system)


def test_a_transfer_stands_in_the_books_once(system: System) -> None:
    _number, reference = system.settle(amount="100.00")
    first = ask(system, order(system, reference, 3000, "a", made=made()))
    assert ask(system, order(system, reference, 3000, "a", made=made())) == first
    with pytest.raises(refunds.OtherOrder):
        ask(system, order(system, reference, 3000, "a", made=made("RO-2")))
    with pytest.raises(refunds.OtherOrder):
        ask(system, order(system, reference, 3000, "a"))
    with pytest.raises(Conflict, match="stands in the books already"):
        ask(system, order(system, reference, 2000, "b", made=made()))
    assert of_payment(system, reference) == ("partially_refunded", 3000, 3000)


@pytest.mark.parametrize("days_ago", [-1, 1])
def test_a_transfer_is_made_after_the_payment_and_not_tomorrow(system: System, days_ago: int) -> None:
    _number, reference = system.settle()
    with pytest.raises(RefundNotPossible, match="was made between"):
        ask(system, order(system, reference, 100, made=made(days_ago=days_ago)))


@pytest.mark.parametrize("bank_reference", ["", "x" * 101])
def test_a_transfer_has_a_reference_of_a_bank(system: System, bank_reference: str) -> None:
    _number, reference = system.settle()
    with pytest.raises(RefundNotPossible, match="bank's reference"):
        ask(system, order(system, reference, 100, made=made(bank_reference)))


def test_no_more_than_is_left_can_have_gone(system: System) -> None:
    _number, reference = system.settle(amount="100.00")
    ask(system, order(system, reference, 6000, "a"))
    with pytest.raises(RefundTooLarge):
        ask(system, order(system, reference, 4100, "b", made=made()))


def test_above_the_limit_it_is_booked_when_a_second_person_agrees(asking_twice: System) -> None:
    system = asking_twice
    number, reference = system.settle(amount="100.00")
    asked = ask(system, order(system, reference, 6000, made=made()))
    assert (asked.status, system.status(number)) == ("pending_approval", "paid")
    with system.app.app_context():
        refunds.approve(asked.id, actor=JAAN)
    system.drain()
    assert status(system, asked.id) == "succeeded"
    assert went_back(system, reference) == []
    assert of_payment(system, reference) == ("partially_refunded", 6000, 6000)
    told = system.rows(
        "select kind, actor from event where kind like 'refund%' and payment_id = :p order by id",
        p=payment_id(system, reference),
    )
    assert [(row.kind, row.actor) for row in told] == [
        ("refund.requested", "mary"),
        ("refund.approved", "jaan"),
        ("refund.made_outside", "jaan"),
    ]
    assert_sound(system)


def test_what_was_not_agreed_to_may_be_recorded_again(asking_twice: System) -> None:
    system = asking_twice
    _number, reference = system.settle(amount="100.00")
    asked = ask(system, order(system, reference, 6000, "a", made=made()))
    with system.app.app_context():
        refunds.reject(asked.id, actor=JAAN, reason="not in the statement")
    again = ask(system, order(system, reference, 6000, "b", made=made()))
    assert (status(system, asked.id), status(system, again.id)) == ("cancelled", "pending_approval")
    assert of_payment(system, reference) == ("completed", 0, 0)


def test_money_that_left_the_gateway_too_is_a_question(system: System) -> None:
    number, reference = system.settle(amount="100.00")
    ask(system, order(system, reference, 6000, made=made()))
    system.pay(reference, "refunded", standing=Decimal("0.00"))
    for _ in range(2):
        look(system, reference)
    assert of_payment(system, reference) == ("refunded", 10000, 6000)
    assert system.status(number) == "refunded"
    assert [kind for kind, _answer in questions(system, reference)].count("payment.returned_twice") == 1
    assert_sound(system)


def test_a_chargeback_takes_what_is_left_and_asks_about_the_rest(system: System) -> None:
    number, reference = system.settle(amount="100.00")
    ask(system, order(system, reference, 6000, made=made()))
    system.pay(reference, "chargebacked", standing=Decimal("0.00"))
    look(system, reference)
    row = system.rows("select * from payment where external_id = :r", r=reference)[0]
    assert (row.status, row.refunded_minor, row.lost_minor, row.outside_minor) == ("charged_back", 6000, 4000, 6000)
    assert "payment.returned_twice" in dict(questions(system, reference))
    assert system.status(number) == "chargeback"
    assert_sound(system)


def test_a_refund_under_way_is_told_from_the_transfer(system: System) -> None:
    """The answer that is lost is found by what the gateway holds, of which the transfer took nothing."""
    _number, reference = system.settle(amount="100.00")
    sent = ask(system, order(system, reference, 3000, "a"))
    system.shop.dial.script([{"operation": "refund", "kind": "reset"}])
    assert send(system, sent.id) == "unknown"
    ask(system, order(system, reference, 2000, "b", made=made()))
    look(system, reference)
    expected = "succeeded" if went_back(system, reference) else "unknown"
    assert status(system, sent.id) == expected
    assert_sound(system)


def test_nothing_sends_it_whatever_stands_in_the_outbox(system: System) -> None:
    _number, reference = system.settle(amount="100.00")
    asked = ask(system, order(system, reference, 3000, made=made()))
    assert send(system, asked.id) == "succeeded"
    assert went_back(system, reference) == []


def test_the_database_keeps_it_from_leaving(asking_twice: System) -> None:
    system = asking_twice
    _number, reference = system.settle(amount="100.00")
    asked = ask(system, order(system, reference, 3000, "a", made=made()))
    usual = ask(system, order(system, reference, 3000, "b"))
    for refund_id, to in ((asked.id, "requested"), (usual.id, "succeeded")):
        with pytest.raises(DBAPIError, match="may not go from pending_approval"):
            system.sql(f"update refund set status = '{to}', approved_by = 'operator:jaan' where id = {refund_id}")
    with pytest.raises(DBAPIError, match="without a second person"):
        system.sql(f"update refund set status = 'succeeded' where id = {asked.id}")


@pytest.mark.parametrize("days_later", [0, 3])
def test_money_moved_says_that_our_bank_paid_it(alone: System, days_later: int) -> None:
    system = alone
    _number, reference = system.settle(amount="100.00")
    ask(system, order(system, reference, 3000, made=made()))
    day = today()
    with system.app.app_context():
        assert bool(closed_days.close(datetime.now(TALLINN) + timedelta(days=days_later))) is bool(days_later)
    with system.app.app_context():
        found = {each.gateway: each for each in money_moved.sums(MovedFilter(day, day))}
        of_bank = money_moved.page(MovedFilter(day, day, gateway="bank"), None).rows
        of_gateway = money_moved.page(MovedFilter(day, day, gateway="everypay"), None).rows
    assert (found["bank"].returns, found["bank"].back_minor, found["bank"].payments) == (1, 3000, 0)
    assert (found["everypay"].returns, found["everypay"].in_minor) == (0, 10000)
    assert [each.minor for each in of_bank] == [-3000]
    assert [each.minor for each in of_gateway] == [10000]
    assert_sound(system)


def test_a_service_is_told_once_all_of_it_went_back(system: System) -> None:
    _number, reference = system.settle("auction", "100.00")
    ask(system, order(system, reference, 6000, "a", made=made()))
    ask(system, order(system, reference, 4000, "b", made=made("RO-2")))
    news = "select count(*) from outbox where kind = 'initiator.invoice.synchronise' and payment_id = :p"
    assert system.scalar(news, p=payment_id(system, reference)) == 1
