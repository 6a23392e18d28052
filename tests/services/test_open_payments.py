"""A page nobody uses expires, and what the gateway does not end is a person's; money that comes late is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.services import janitor
from tests.api.client import Api
from tests.services.refunding import assert_sound, payment_id

if TYPE_CHECKING:
    from tests.system import System


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


def look(system: System, reference: str) -> None:
    """Let the clock's next look come."""
    system.sql("update payment set next_check_at = now() where external_id = :r and next_check_at > now()", r=reference)
    with system.app.app_context():
        janitor.poll_open_payments()
    system.drain()


def age(system: System, reference: str, interval: str) -> None:
    system.sql(
        "update payment set created_at = now() - cast(:i as interval) where external_id = :r", i=interval, r=reference
    )


def state(system: System, reference: str) -> tuple[str, str | None]:
    row = system.rows("select status, failure_code from payment where external_id = :r", r=reference)[0]
    return row.status, row.failure_code


def questions(system: System, reference: str) -> list[str]:
    asked = "select kind from review_item where payment_id = :p and resolved_at is null"
    return [each.kind for each in system.rows(asked, p=payment_id(system, reference))]


def test_a_page_nobody_used_for_a_day_expires_and_leaves_the_invoice_as_if_nobody_had_tried(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    age(system, reference, "23 hours")
    look(system, reference)
    assert (state(system, reference)[0], system.status(number)) == ("pending", "pending")
    age(system, reference, "25 hours")
    look(system, reference)
    assert (state(system, reference), system.status(number)) == (("expired", "page_expired"), "unpaid")
    events = system.rows(
        "select kind, reason from event where payment_id = :p order by id desc limit 1",
        p=payment_id(system, reference),
    )
    assert events == [("payment.expired", "nobody used the page for a day")]
    assert questions(system, reference) == []
    assert system.scalar("select next_check_at is not null from payment where external_id = :r", r=reference)
    why = Api(system).v2(f"/invoices/{number}/why-not-paid").json
    assert why is not None
    assert (why["cause"], why["is_paid"]) == ("last_try_ended", False)


def test_an_invoice_whose_page_expired_is_overdue_when_its_day_is_over(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.sql("update invoice set due_on = current_date - 3 where number = :n", n=number)
    age(system, reference, "25 hours")
    look(system, reference)
    assert system.status(number) == "overdue"


def test_money_that_comes_through_an_expired_page_is_found_without_its_callback(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    age(system, reference, "25 hours")
    look(system, reference)
    system.pay(reference)
    look(system, reference)
    assert (state(system, reference)[0], system.status(number)) == ("completed", "paid")
    assert system.scalar("select late from payment where external_id = :r", r=reference)
    assert_sound(system)


def test_the_last_look_before_another_page_sees_what_was_paid_on_an_expired_one(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    age(system, reference, "25 hours")
    look(system, reference)
    system.pay(reference)
    body = {"invoice_number": str(number), "customer_url": "http://registrar.test/back"}
    again = system.call("registry", "/invoice_generator/oneoff", body)
    assert again.status_code == 422
    assert again.json["error"]["code"] == "not_payable"
    assert system.status(number) == "paid"
    assert (
        system.scalar(
            "select count(*) from payment p join invoice i on i.id = p.invoice_id where number = :n", n=number
        )
        == 1
    )


def test_whoever_comes_back_after_it_expired_gets_a_new_page(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    age(system, reference, "25 hours")
    look(system, reference)
    assert system.one_off(number) != reference


@pytest.mark.parametrize("word", ["waiting_for_sca", "sent_for_processing", "authorised"])
def test_what_has_begun_is_never_given_up_and_after_two_weeks_a_person_s(system: System, word: str) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference, word)
    system.callback(reference)
    system.drain()
    age(system, reference, "13 days")
    before = state(system, reference)
    look(system, reference)
    assert (state(system, reference), questions(system, reference)) == (before, [])
    age(system, reference, "15 days")
    look(system, reference)
    assert (state(system, reference), questions(system, reference)) == (before, ["payment.unfinished"])
    sentence = system.scalar("select sentence from review_item where payment_id = :p", p=payment_id(system, reference))
    assert sentence == f"everypay says {word}: this has not ended for two weeks"
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert (system.status(number), questions(system, reference)) == ("paid", [])
    assert_sound(system)
