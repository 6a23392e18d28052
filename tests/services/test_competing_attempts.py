"""Other ways to pay what is paid are closed; what comes through them all the same is noticed (features.md F4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.services.refunding import assert_sound, payment_id, questions

if TYPE_CHECKING:
    from tests.system import System


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


def by_link(system: System, number: int) -> str:
    """Open the invoice's link and return the payment's reference."""
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    return str(page.headers["Location"]).rpartition("/")[2]


def hear(system: System, reference: str, state: str = "settled") -> None:
    system.pay(reference, state)
    system.callback(reference)
    system.drain()


def status(system: System, reference: str) -> str:
    return str(system.scalar("select status from payment where external_id = :r", r=reference))


def test_an_untouched_page_is_closed_when_another_payment_settles(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    hear(system, by_link(system, number))
    assert (system.status(number), status(system, page)) == ("paid", "cancelled")
    reason = (
        "select e.reason from event e join payment p on p.id = e.payment_id where p.external_id = :r and e.kind = :k"
    )
    assert system.scalar(reason, r=page, k="payment.cancelled") == "the invoice was paid another way"
    assert_sound(system)


def test_money_through_a_closed_page_is_found_without_its_callback_and_is_credit(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    hear(system, by_link(system, number))
    system.pay(page)
    system.hurry()
    from app.services import janitor  # noqa: PLC0415 - the clock of this one test

    with system.app.app_context():
        janitor.poll_open_payments()
    system.drain()
    assert status(system, page) == "completed"
    assert questions(system, page) == [("payment.surplus", None)]
    assert_sound(system)


def test_a_cancelled_invoice_has_no_open_page(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    body = {"invoice_number": number, "status": "cancelled"}
    assert system.call("registry", "/invoice_generator/invoice_status", body).status_code == 200
    assert (system.status(number), status(system, page)) == ("cancelled", "cancelled")
    told = "select failure_code from payment where external_id = :r and next_check_at is not null"
    assert system.scalar(told, r=page) == "invoice_cancelled", "it is watched all the same"
    hear(system, page)
    assert (system.status(number), status(system, page)) == ("cancelled", "completed")
    assert system.scalar("select kind from review_item order by id desc limit 1") == "payment.surplus"
    assert_sound(system)


def test_a_report_of_the_service_closes_the_page_too(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    body = {"invoice_number": number, "status": "paid"}
    assert system.call("registry", "/invoice_generator/invoice_status", body).status_code == 200
    assert status(system, page) == "cancelled"
    assert_sound(system)


def test_an_amount_a_card_reserved_is_let_go_when_another_payment_settles(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    hear(system, page, "authorised")
    hear(system, by_link(system, number))
    assert (system.status(number), status(system, page)) == ("paid", "cancelled")
    assert (system.shop.payment(page) or {})["payment_state"] == "voided"
    assert_sound(system)


def test_an_amount_that_is_reserved_after_the_page_was_closed_is_let_go_too(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    hear(system, by_link(system, number))
    hear(system, page, "authorised")
    assert (system.shop.payment(page) or {})["payment_state"] == "voided"
    assert status(system, page) == "cancelled"
    assert_sound(system)


def test_a_payer_who_is_paying_is_not_interrupted(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    hear(system, page, "sent_for_processing")
    hear(system, by_link(system, number))
    assert status(system, page) == "processing"
    hear(system, page)
    assert questions(system, page) == [("payment.surplus", None)]
    assert_sound(system)


def test_a_page_that_was_made_while_another_payment_settled_is_not_shown(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = system.invoice()
    link = by_link(system, number)
    gateway = system.app.extensions["integrations"].everypay
    make = type(gateway).create_payment

    def paid_meanwhile(self: Any, request: Any) -> Any:
        made = make(self, request)
        hear(system, link)
        return made

    monkeypatch.setattr(type(gateway), "create_payment", paid_meanwhile)
    body = {"invoice_number": str(number), "customer_url": "http://registrar.test/back"}
    answer = system.call("registry", "/invoice_generator/oneoff", body)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "not_payable")
    assert system.status(number) == "paid"
    late = system.scalar(
        "select external_id from payment where failure_code = 'paid_otherwise' order by id desc limit 1"
    )
    hear(system, late)
    assert questions(system, late) == [("payment.surplus", None)]
    assert_sound(system)


def test_an_amount_that_was_taken_before_the_void_left_is_not_reserved_any_more(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    hear(system, page, "authorised")
    system.shop.dial.script([{"operation": "void", "kind": "http", "status": 503}])
    hear(system, by_link(system, number))
    hear(system, page, "settled")
    system.hurry()
    system.drain()
    void = "select state from outbox where kind = 'gateway.payment.void' and payment_id = :p"
    assert system.scalar(void, p=payment_id(system, page)) == "done"
    assert (status(system, page), questions(system, page)) == ("completed", [("payment.surplus", None)])
    assert_sound(system)


def test_a_void_that_is_refused_is_tried_again_and_then_a_persons(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    hear(system, page, "authorised")
    system.shop.dial.script([{"operation": "void", "kind": "http", "status": 422, "times": 3}])
    hear(system, by_link(system, number))
    for _ in range(3):
        system.hurry()
        system.drain()
    assert status(system, page) == "authorized"
    assert questions(system, page) == [("outbox.dead", None)]


@pytest.mark.parametrize("closed_first", [False, True])
@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "http", "status": 504}, {"kind": "http", "status": 500}])
def test_a_void_whose_request_was_lost_is_sent_again_until_the_gateway_shows_it(
    system: System, fault: dict[str, Any], *, closed_first: bool
) -> None:
    number = system.invoice()
    page = system.one_off(number)
    system.shop.dial.script([{"operation": "void", **fault}])
    news = [(by_link(system, number), "settled"), (page, "authorised")]
    for reference, state in news if closed_first else reversed(news):
        hear(system, reference, state)
    assert (system.shop.payment(page) or {})["payment_state"] == "authorised"
    system.hurry()
    system.drain()
    assert (system.shop.payment(page) or {})["payment_state"] == "voided"
    assert status(system, page) == "cancelled"
    assert_sound(system)
