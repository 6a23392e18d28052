"""Money of a bulk payment on its way back: member by member, and the container shows the sum."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.services import disputes
from tests.services.refunding import MARY, ask, assert_sound, order, payment_id, went_back

if TYPE_CHECKING:
    from tests.system import System

CONTAINER = "select i.status from invoice i join payment p on p.invoice_id = i.id where p.external_id = :r"


@pytest.fixture
def system(shared_system: System) -> System:
    return shared_system


@pytest.fixture
def paid(system: System) -> tuple[list[int], str]:
    numbers = [system.invoice("auction", amount) for amount in ("10.00", "20.00", "30.00")]
    reference = system.bulk(numbers, "auction")
    hear(system, reference, "settled")
    return numbers, reference


def hear(system: System, reference: str, state: str, standing: str | None = None) -> None:
    system.pay(reference, state, standing=None if standing is None else Decimal(standing))
    system.callback(reference)
    system.drain()


def statuses(system: System, numbers: list[int]) -> list[str]:
    return [system.status(number) for number in numbers]


def invoice_id(system: System, number: int) -> int:
    return int(system.scalar("select id from invoice where number = :n", n=number))


def test_a_member_gets_its_own_back(system: System, paid: tuple[list[int], str]) -> None:
    numbers, reference = paid
    said = {"params": {"invoice_number": numbers[1]}}
    assert system.call("auction", "/refund/auction", said).status_code == 200
    assert statuses(system, numbers) == ["paid", "refunded", "paid"]
    assert went_back(system, reference) == [Decimal("20.00")]
    assert system.scalar(CONTAINER, r=reference) == "partially_refunded"
    for number in numbers:
        assert system.call("auction", "/refund/auction", {"invoice_number": number}).status_code == 200
    assert statuses(system, numbers) == ["refunded"] * 3
    assert system.scalar(CONTAINER, r=reference) == "refunded"
    assert sum(went_back(system, reference)) == Decimal("60.00")
    assert_sound(system)


def test_a_part_of_a_member(system: System, paid: tuple[list[int], str]) -> None:
    numbers, reference = paid
    ask(system, order(system, reference, 500, invoice_id=invoice_id(system, numbers[2])))
    system.drain()
    assert statuses(system, numbers) == ["paid", "paid", "partially_refunded"]
    assert_sound(system)


def test_what_went_back_there_is_the_members_it_fits(system: System, paid: tuple[list[int], str]) -> None:
    numbers, reference = paid
    hear(system, reference, "refunded", "40.00")
    assert statuses(system, numbers) == ["paid", "refunded", "paid"]
    hear(system, reference, "refunded", "0.00")
    assert statuses(system, numbers) == ["refunded"] * 3
    assert system.scalar(CONTAINER, r=reference) == "refunded"
    assert_sound(system)


def test_a_chargeback_takes_every_member(system: System, paid: tuple[list[int], str]) -> None:
    numbers, reference = paid
    hear(system, reference, "chargebacked", "0.00")
    assert statuses(system, numbers) == ["chargeback"] * 3
    assert system.scalar(CONTAINER, r=reference) == "chargeback"
    held = "select captured_minor - refunded_minor - lost_minor from payment where id = :p"
    assert system.scalar(held, p=payment_id(system, reference)) == 0
    assert_sound(system)


def test_a_lost_dispute_of_the_only_member_and_its_return_show_on_the_container(system: System) -> None:
    number = system.invoice("auction", "10.00")
    reference = system.bulk([number], "auction")
    hear(system, reference, "settled")
    with system.app.app_context():
        key = disputes.open_dispute(
            payment_id(system, reference), 1000, reason="x", actor=MARY, invoice_id=invoice_id(system, number)
        )
        disputes.lose(key, actor=MARY)
    assert (system.status(number), system.scalar(CONTAINER, r=reference)) == ("chargeback", "chargeback")
    with system.app.app_context():
        disputes.win(key, actor=MARY)
    assert (system.status(number), system.scalar(CONTAINER, r=reference)) == ("paid", "paid")
    assert_sound(system)


@pytest.mark.parametrize("service", ["auction", "registry"])
def test_members_that_were_gone_before_anybody_looked_are_told_of_one_by_one_as_they_come_back(
    system: System, service: str
) -> None:
    numbers = [system.invoice(service, amount) for amount in ("10.00", "20.00")]
    reference = system.bulk(numbers, service)
    hear(system, reference, "chargebacked")
    news = """select payload->'body'->>'order_reference', payload->'body'->>'standing_amount' from outbox
               where kind = 'initiator.payment.notify' and payment_id = :p order by id"""
    about = {"p": payment_id(system, reference)}
    assert statuses(system, numbers) == ["chargeback"] * 2
    assert system.rows(news, **about) == []
    lost = system.rows("select id from dispute where payment_id = :p order by id desc", **about)
    told: list[tuple[str, str]] = []
    for row, number, amount in zip(lost, reversed(numbers), ("20.00", "10.00"), strict=True):
        with system.app.app_context():
            disputes.win(row.id, actor=MARY)
        told.append((str(number), amount))
        assert [tuple(each) for each in system.rows(news, **about)] == told
    assert statuses(system, numbers) == ["paid"] * 2
    assert_sound(system)
