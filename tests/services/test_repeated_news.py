"""The same news again, old news late, news before its time: only the fetched truth counts (security T02, T05, T15)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from app.integrations.everypay.gateway import EveryPayGateway
from app.services import proofs, sealing

if TYPE_CHECKING:
    from tests.system import System

MOVED = "select count(*) from ledger_entry"


def assert_sound(system: System) -> None:
    with system.app.app_context():
        sealing.seal()
        report = proofs.verify()
    assert report.holds, str(report)
    assert system.scalar("select count(*) from outbox where last_error_class is not null") == 0


def hear(system: System, reference: str, times: int = 1) -> None:
    for _ in range(times):
        system.callback(reference)
        system.drain()


@pytest.mark.parametrize("standing", ["20.00", "0.00"])
def test_a_refund_that_is_told_three_times_is_booked_once(system: System, standing: str) -> None:
    number, reference = system.settle()
    system.pay(reference, "refunded", standing=Decimal(standing))
    hear(system, reference)
    entries = system.scalar(MOVED)
    hear(system, reference, times=2)
    assert system.scalar(MOVED) == entries
    assert system.scalar("select count(*) from refund") == 1
    assert system.status(number) == ("refunded" if standing == "0.00" else "partially_refunded")
    assert_sound(system)


def test_several_partial_refunds_are_each_booked_by_what_they_took(system: System) -> None:
    number, reference = system.settle()
    for standing in ("100.00", "50.00", "0.00"):
        system.pay(reference, "refunded", standing=Decimal(standing))
        hear(system, reference, times=2)
    taken = [row.amount_minor for row in system.rows("select amount_minor from refund order by id")]
    assert taken == [2000, 5000, 5000]
    assert system.status(number) == "refunded"
    assert_sound(system)


def test_a_refund_that_shrinks_again_changes_nothing(system: System) -> None:
    number, reference = system.settle()
    system.pay(reference, "refunded", standing=Decimal("20.00"))
    hear(system, reference)
    entries = system.scalar(MOVED)
    system.pay(reference, "refunded", standing=Decimal("60.00"))
    hear(system, reference)
    assert system.scalar(MOVED) == entries
    assert system.status(number) == "partially_refunded"
    assert system.scalar("select refunded_minor from payment") == 10000
    assert_sound(system)


def test_a_chargeback_of_money_that_went_back_already_is_a_question(system: System) -> None:
    number, reference = system.settle()
    system.pay(reference, "refunded")
    hear(system, reference)
    system.pay(reference, "chargebacked")
    hear(system, reference, times=2)
    assert system.status(number) == "refunded"
    assert system.scalar("select count(*) from review_item where kind = 'payment.charged_back'") == 1
    assert_sound(system)


def test_an_authorised_payment_whose_start_we_never_stored_is_known_as_authorised(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.sql("alter table payment disable trigger guard")
    system.sql("update payment set status = 'created', external_id = null, next_check_at = null")
    system.sql("alter table payment enable trigger guard")
    system.pay(reference, "authorised")
    hear(system, reference)
    assert system.scalar("select status from payment") == "authorized"
    assert system.status(number) == "pending"
    system.pay(reference)
    system.hurry()
    system.drain()
    assert_sound(system)


def test_news_that_come_while_the_gateway_is_asked_are_looked_into(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer under way is older than the news: one more look is owed (reliability.md 3.5)."""
    number = system.invoice()
    reference = system.one_off(number)
    system.callback(reference)
    fetch = EveryPayGateway.fetch_payment

    def settled_meanwhile(self: EveryPayGateway, *arguments: Any) -> Any:
        monkeypatch.setattr(EveryPayGateway, "fetch_payment", fetch)
        answer = fetch(self, *arguments)
        system.pay(reference)
        system.callback(reference)
        return answer

    monkeypatch.setattr(EveryPayGateway, "fetch_payment", settled_meanwhile)
    system.drain()
    assert system.status(number) == "paid"
    assert_sound(system)
