"""Why is this not paid? Asked at the door while the story happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.integrations.fault_dial import Fault
from tests.api.client import BACK, problem_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.client import Api


@pytest.fixture(autouse=True)
def _everybody_is_well(api: Api) -> Iterator[None]:
    yield
    api.system.shop.dial.turn([])
    api.system.service("registry").dial.turn([])
    api.system.sql("update lane set paused_until = null, failures = 0")


def cause(api: Api, number: int, code: str = "registry") -> str:
    response = api.v2(f"/invoices/{number}/why-not-paid", code=code)
    assert response.status_code == 200, response.text
    return str(response.json["cause"])  # type: ignore[index]


def test_a_payment_is_followed_from_nobody_tried_to_paid(api: Api) -> None:
    system = api.system
    number = system.invoice()
    assert cause(api, number) == "nobody_tried"
    reference = system.one_off(number)
    assert cause(api, number) == "page_untouched"
    system.pay(reference, "sent_for_processing")
    system.callback(reference)
    system.drain()
    assert cause(api, number) == "under_way"
    system.pay(reference, "failed")
    system.callback(reference)
    system.drain()
    assert cause(api, number) == "last_try_ended"
    again = system.one_off(number)
    system.pay(again)
    system.service("registry").dial.turn([Fault("payment_status", "http", status=500, times=0)])
    system.callback(again)
    system.drain()
    answer = api.v2(f"/invoices/{number}/why-not-paid").json
    assert answer["cause"] == "not_told"  # type: ignore[index]
    assert answer["is_paid"] is True  # type: ignore[index]
    assert "which last answered 500" in answer["sentence"]  # type: ignore[index]
    system.service("registry").dial.turn([])
    system.hurry()
    system.drain()
    assert cause(api, number) == "paid"


def test_a_gateway_that_is_away_and_a_lost_answer_are_told_apart(api: Api) -> None:
    system = api.system
    lost = system.invoice()
    system.shop.dial.turn([Fault("create", "reset_after", times=1)])
    api.v2("/payments", {"invoice": lost, "return_url": BACK["registry"]})
    assert cause(api, lost) == "answer_lost"
    away = system.invoice()
    reference = system.one_off(away)
    system.pay(reference)
    system.sql("update gateway_reference set dirty_seq = dirty_seq + 1 where external_id = :r", r=reference)
    assert cause(api, away) == "being_looked_at"
    system.sql("update lane set paused_until = now() + interval '5 minutes' where name = 'everypay'")
    assert cause(api, away) == "gateway_away"


def test_what_a_person_must_decide_is_said_with_its_age(api: Api) -> None:
    system = api.system
    number = system.invoice()
    reference = system.one_off(number)
    system.shop.dial.turn([Fault("fetch", "wrong_amount", times=0)])
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert cause(api, number) == "waits_for_a_person"


def test_ends_without_money_are_said(api: Api) -> None:
    number = api.system.invoice()
    api.v2(f"/invoices/{number}/cancellation", {})
    assert cause(api, number) == "cancelled"
    paid, reference = api.system.settle()
    api.system.pay(reference, "refunded")
    api.system.callback(reference, "refunded")
    api.system.drain()
    answer = api.v2(f"/invoices/{paid}/why-not-paid").json
    assert (answer["cause"], answer["is_paid"]) == ("refunded", True)  # type: ignore[index]


def test_somebody_elses_invoice_has_no_reasons(api: Api) -> None:
    number = api.system.invoice()
    problem_of(api.v2(f"/invoices/{number}/why-not-paid", code="auction"), 404)


def test_a_bulk_payment_under_way_is_a_try_of_each_of_its_members(api: Api) -> None:
    system = api.system
    numbers = [system.invoice("auction"), system.invoice("auction")]
    body = {
        "description": f"{numbers[0]} {numbers[1]}",
        "transaction_amount": "240.00",
        "customer_url": BACK["auction"],
        "custom_field2": "auction",
    }
    bulk = api.send("/invoice_generator/bulk_payment", body, code="auction")
    assert bulk.status_code == 201, bulk.text
    assert {cause(api, number, "auction") for number in numbers} == {"page_untouched"}
    shown = api.v2(f"/invoices/{numbers[0]}?expand=payments", code="auction").json["payments"]  # type: ignore[index]
    assert [each["amount"] for each in shown] == ["240.00"]
    assert shown[0]["invoice"] not in numbers
