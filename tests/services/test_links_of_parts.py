"""After a part came, no link of ours asks for the whole any more; one that went out before brings a credit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.client import Api
from tests.services.parts import by_link, come, money
from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from tests.system import System

LINK = "select payment_link from invoice where number = :n"


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


def asks(link: str) -> str:
    return parse_qs(urlsplit(link).query)["transaction_amount"][0]


def register_again(system: System, number: int) -> str:
    body = {"invoice_number": number, "transaction_amount": "120.00", "custom_field2": "registry"}
    answer = system.call("registry", "/invoice_generator/invoice_generator", body)
    assert answer.status_code == 201
    return str(answer.json["everypay_link"])


def surpluses(system: System, number: int) -> list[int]:
    rows = system.rows(
        "select s.amount_minor from surplus s join invoice i on i.id = s.invoice_id where i.number = :n", n=number
    )
    return [row.amount_minor for row in rows]


def test_the_link_asks_for_the_rest_wherever_it_is_shown(system: System) -> None:
    number = system.invoice()
    assert asks(system.scalar(LINK, n=number)) == "120.00"
    come(system, system.one_off(number, amount="40.00"))
    for link in (
        system.scalar(LINK, n=number),
        Api(system).v2(f"/invoices/{number}").json["payment_link"],  # type: ignore[index]
        register_again(system, number),
    ):
        assert asks(link) == "80.00"
    made = "select e.data ->> 'amount' as amount from event e join invoice i on i.id = e.invoice_id where i.number = :n"
    events = system.rows(f"{made} and e.kind = 'invoice.link.made' order by e.id", n=number)
    assert [each.amount for each in events] == ["120.00", "80.00"]


def test_what_is_paid_through_the_new_link_is_all_of_it(system: System) -> None:
    number = system.invoice()
    come(system, system.one_off(number, amount="40.00"))
    come(system, by_link(system, number))
    assert money(system, number) == ("paid", 12000, 0)
    assert surpluses(system, number) == []
    assert_sound(system)


@pytest.mark.parametrize("parts", [0, 1])
def test_what_is_paid_through_an_older_link_pays_the_rest_and_is_credit_for_what_was_over(
    system: System, parts: int
) -> None:
    number = system.invoice()
    for _ in range(parts):
        come(system, system.one_off(number, amount="40.00"))
    older = by_link(system, number)
    come(system, system.one_off(number, amount="40.00"))
    come(system, older)
    assert money(system, number) == ("paid", 12000, 0)
    assert surpluses(system, number) == [4000]
    assert system.scalar("select count(*) from review_item where kind = 'payment.differs'") == 0
    assert_sound(system)


def test_two_holders_of_one_number_keep_the_link_of_their_own_price(system: System) -> None:
    holder: dict[str, Any] = {"custom_field1": "rest-1", "reserved_domain_names": ["rest.ee"]}
    number = system.invoice("registry", **holder)
    come(system, system.one_off(number, amount="40.00"))
    body = {"invoice_number": number, "transaction_amount": "10.00", "custom_field2": "registry"}
    other = {**body, "custom_field1": "rest-2", "reserved_domain_names": ["other.ee"]}
    answer = system.call("registry", "/invoice_generator/invoice_generator", other)
    assert asks(answer.json["everypay_link"]) == "10.00"
