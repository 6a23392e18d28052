"""A number several payers may share belongs to the first who pays; what a text says is no number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.services.test_money_path import assert_sound

if TYPE_CHECKING:
    from tests.system import System


def test_the_first_payer_of_a_shared_number_wins_it_at_the_price_of_the_claim(system: System) -> None:
    number = system.number("registry")
    for unique_id, amount in (("5e03f248-6", "20.00"), ("77aa0000-1", "10.00")):
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
    reference = page.headers["Location"].rpartition("/")[2]
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert system.status(number) == "paid"
    assert system.rows("select user_unique_id from invoice_claim where won_at is not null") == [("77aa0000-1",)]
    assert system.callback(reference).json["custom_field_1"] == "77aa0000-1"
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
