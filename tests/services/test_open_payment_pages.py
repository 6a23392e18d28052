"""A payer is not sent to a second page while the first may still take, or has taken, the money (features.md F4)."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from app.integrations.breaker import Breaker
from app.integrations.fault_dial import Fault
from app.services import payments
from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System

TRIES = "select count(*) from payment p join invoice i on i.id = p.invoice_id where i.number = :n and method = 'hosted'"
BACK = {"registry": "http://registrar.test/back", "auction": "http://auction.test/back"}


@pytest.fixture
def system(shared_system: System) -> Iterator[System]:
    shared_system.shop.dial.turn([])
    yield shared_system
    shared_system.shop.dial.turn([])
    shared_system.app.extensions["integrations"].everypay._caller.breaker = Breaker()


def ask(system: System, number: int, code: str = "registry", **more: Any) -> Any:
    body = {"invoice_number": str(number), "customer_url": BACK[code], **more}
    return system.call(code, "/invoice_generator/oneoff", body)


def deposit(system: System, user: str) -> Any:
    body = {
        "description": f"auction_deposit b.ee, user_uuid {user}, user_email {user}@users.test",
        "transaction_amount": "500.0",
        "customer_url": BACK["auction"],
        "custom_field2": "auction",
        "affiliation": "auction_deposit",
    }
    return system.call("auction", "/invoice_generator/deposit_prepayment", body)


def test_a_payment_nobody_called_about_is_booked_before_a_second_page_is_made(system: System) -> None:
    number = system.invoice()
    system.pay(system.one_off(number))
    answer = ask(system, number)
    assert (answer.status_code, answer.json["error"]["message"]) == (422, f"Invoice {number} is paid")
    assert (system.status(number), system.scalar(TRIES, n=number)) == ("paid", 1)
    system.drain()
    assert_sound(system)


def test_a_page_with_another_way_back_is_looked_at_as_well(system: System) -> None:
    number = system.invoice()
    first = system.one_off(number)
    ask(system, number, customer_url="http://registrar.test/elsewhere")
    system.pay(first)
    assert ask(system, number, customer_url="http://registrar.test/elsewhere").status_code == 422
    assert system.status(number) == "paid"


def test_a_deposit_that_was_paid_gets_no_second_page(system: System) -> None:
    link = deposit(system, "u-77").json["oneoff_redirect_link"]
    system.pay(str(link).rpartition("/")[2])
    assert deposit(system, "u-77").status_code == 422


@pytest.mark.parametrize("state", ["sent_for_processing", "authorised"])
def test_while_the_bank_moves_the_money_there_is_no_second_page(system: System, state: str) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference, state)
    answer = ask(system, number)
    assert answer.status_code == 422
    assert answer.json["error"]["message"] == f"Invoice {number} is being paid at this moment"
    system.pay(reference, "failed")
    assert ask(system, number).status_code == 201


def test_a_member_of_a_bulk_payment_under_way_gets_no_page_of_its_own(system: System) -> None:
    numbers = [system.invoice("auction"), system.invoice("auction")]
    reference = system.bulk(numbers)
    system.pay(reference, "sent_for_processing")
    system.callback(reference)
    system.drain()
    assert ask(system, numbers[0], "auction").status_code == 422
    system.pay(reference, "failed")
    system.callback(reference)
    system.drain()
    assert ask(system, numbers[0], "auction").status_code == 201


def test_another_part_is_paid_while_the_first_is_under_way_as_far_as_both_fit(system: System) -> None:
    number = system.invoice()
    system.pay(system.one_off(number, amount="50.00"), "sent_for_processing")
    assert ask(system, number, amount="70.01").status_code == 422
    assert ask(system, number, amount="70.00").status_code == 201


def test_a_gateway_that_cannot_be_asked_does_not_keep_the_payer_from_paying(system: System) -> None:
    number = system.invoice()
    first = system.one_off(number)
    system.shop.dial.turn([Fault("fetch", "http", times=0)])
    link = ask(system, number).json["oneoff_redirect_link"]
    assert not link.endswith(first)


@pytest.mark.parametrize("times", [2, 8])
def test_who_ask_for_the_same_at_once_get_the_same_page(system: System, times: int) -> None:
    number = system.invoice()
    begins = threading.Barrier(times)

    def one(_: int) -> Any:
        begins.wait(10)
        return ask(system, number)

    with ThreadPoolExecutor(times) as pool:
        answers = list(pool.map(one, range(times)))
    assert [each.status_code for each in answers] == [201] * times
    assert len({each.json["oneoff_redirect_link"] for each in answers}) == 1
    assert system.scalar(TRIES, n=number) == 1


def test_whoever_died_while_making_a_page_is_waited_for_no_longer_than_a_payer_waits(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = system.invoice()
    dead = system.one_off(number)
    system.sql("alter table payment disable trigger guard")
    system.sql(
        "update payment set status = 'created', external_id = null, payment_link = null, provider_state = null"
        " where invoice_id = (select id from invoice where number = :n)",
        n=number,
    )
    system.sql("alter table payment enable trigger guard")
    monkeypatch.setattr(payments, "PATIENCE_S", 0.5)
    began = time.monotonic()
    answer = ask(system, number)
    assert answer.status_code == 201
    assert not answer.json["oneoff_redirect_link"].endswith(dead)
    assert time.monotonic() - began >= 0.5
    later = ask(system, number)
    assert later.json == answer.json


def test_who_waited_for_a_page_that_failed_makes_one(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    number = system.invoice()
    system.shop.dial.turn([Fault("create", "http", times=1, status=422)])
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: ask(system, number), range(2)))
    assert sorted(each.status_code for each in answers) in ([201, 422], [201, 502])
