"""A number several payers may share belongs to the first who pays; what a text says is no number."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from tests.system import System


def test_the_first_payer_of_a_shared_number_wins_it_at_the_price_of_the_claim(system: System) -> None:
    number = system.number("registry")
    reserve(system, number, "5e03f248-6", "20.00")
    reference = reserve(system, number, "77aa0000-1", "10.00")
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert system.status(number) == "paid"
    assert system.rows("select user_unique_id from invoice_claim where won_at is not null") == [("77aa0000-1",)]
    assert system.callback(reference).json["custom_field_1"] == "77aa0000-1"
    assert_sound(system)


def reserve(system: System, number: int, unique_id: str, amount: str) -> str:
    body = {
        "invoice_number": number,
        "transaction_amount": amount,
        "custom_field2": "business_registry",
        "custom_field1": unique_id,
        "reserved_domain_names": ["a.ee"],
    }
    response = system.call("registry", "/invoice_generator/invoice_generator", body)
    assert response.status_code == 201
    page = system.everypay.test_client().get(response.json["everypay_link"].removeprefix("http://everypay.test"))
    return str(page.headers["Location"]).rpartition("/")[2]


def give_up(system: System, unique_id: str) -> int:
    path = "/invoice/reserved_domain_cancellation_statuses"
    body = {"domain_name": "a.ee", "token": unique_id}
    return int(system.call("registry", path, body, method="PATCH").status_code)


def test_money_for_a_number_everybody_gave_up_is_the_payer_s_credit(system: System) -> None:
    number = system.number("registry")
    references = [reserve(system, number, each, amount) for each, amount in (("one", "20.00"), ("two", "10.00"))]
    assert [give_up(system, each) for each in ("one", "two")] == [200, 200]
    system.pay(references[1])
    system.callback(references[1])
    system.drain()
    assert system.status(number) == "cancelled"
    assert system.scalar("select sum(amount_minor) from surplus") == 1_000
    assert system.scalar("select count(*) from invoice_claim where won_at is not null") == 0
    assert_sound(system)


@pytest.mark.slow
def test_paying_and_giving_up_at_once_end_in_one_of_two_ways(system: System) -> None:
    for turn in range(6):
        number = system.number("registry")
        reference = reserve(system, number, f"holder-{turn}", "10.00")
        system.pay(reference)
        with ThreadPoolExecutor(2) as pool:
            heard = pool.submit(system.callback, reference)
            gave_up = pool.submit(give_up, system, f"holder-{turn}").result()
            assert heard.result().status_code == 200
        system.drain()
        won = system.scalar(
            "select count(*) from invoice_claim c join invoice i on i.id = c.invoice_id "
            "where i.number = :n and c.won_at is not null",
            n=number,
        )
        assert (gave_up, system.status(number), won) in {(409, "paid", 1), (200, "cancelled", 0)}
    assert_sound(system)


def test_text_of_a_description_is_never_taken_for_numbers(system: System) -> None:
    other = system.invoice()
    number = system.invoice("registry", "10.00", custom_field1=f"{other} 150331")
    reference = system.one_off(number)
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert system.status(number) == "paid"
    assert system.status(other) == "unpaid"


def test_a_number_that_is_won_takes_no_further_holder(system: System) -> None:
    number = system.number("registry")
    reserve(system, number, "77aa0000-1", "10.00")
    won = reserve(system, number, "77aa0000-2", "10.00")
    system.pay(won)
    system.callback(won)
    system.drain()
    assert system.status(number) == "paid"
    late = {
        "invoice_number": number,
        "transaction_amount": "10.00",
        "custom_field1": "77aa0000-3",
        "custom_field2": "business_registry",
        "reserved_domain_names": ["c.ee"],
        "user_unique_id": "77aa0000-3",
    }
    answer = system.call("registry", "/invoice_generator/invoice_generator", late)
    assert answer.status_code == 409
    assert answer.json["error"]["message"] == f"Invoice {number} is won by somebody else: take a new number"
    assert system.scalar("select count(*) from invoice_claim where user_unique_id = '77aa0000-3'") == 0
    assert reserve(system, number, "77aa0000-1", "10.00"), "who was there before gets the same answer"
