"""Success that was not said by the service: a proxy's page, nothing at all, or no. Nobody's news may end there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.integrations.fault_dial import Fault

if TYPE_CHECKING:
    from tests.system import System

NOTICES = "select kind, state, last_error from outbox where kind like 'initiator.%' order by id"


def test_who_may_be_told_again_is_told_until_it_answers_itself(system: System) -> None:
    registry = system.service("registry")
    registry.dial.turn([Fault("payment_status", "html")])
    number, _ = system.settle("registry")
    (notice,) = system.rows(NOTICES)
    assert notice.state == "pending"
    assert notice.last_error.startswith("answered 200 with no JSON object: <html>")
    system.hurry()
    system.drain()
    (notice,) = system.rows(NOTICES)
    invoice = registry.invoice(str(number)) or {}
    assert (notice.state, invoice["status"], invoice["told"]) == ("done", "paid", 2)


def test_the_auction_is_synchronised_because_it_may_have_counted(system: System) -> None:
    auction = system.service("auction")
    auction.dial.turn([Fault("payment_status", "html")])
    number, _ = system.settle("auction", "12.34")
    assert [(row.kind, row.state) for row in system.rows(NOTICES)] == [
        ("initiator.payment.notify", "done"),
        ("initiator.invoice.synchronise", "done"),
    ]
    invoice = auction.invoice(str(number)) or {}
    assert (invoice["status"], invoice["paid_amount"]) == ("paid", "12.34")


def test_a_number_eeid_does_not_know_is_a_question_after_three_tries(system: System) -> None:
    system.service("eeid").strict = True
    number = system.number("eeid")
    body = {"invoice_number": number, "transaction_amount": "120.00", "custom_field2": "eeid"}
    assert system.call("eeid", "/invoice_generator/invoice_generator", body).status_code == 201
    reference = system.one_off(number, "eeid")
    system.pay(reference)
    system.callback(reference)
    for _ in range(4):
        system.drain()
        system.hurry()
    (notice,) = system.rows(NOTICES)
    assert (notice.state, "does not know this number" in notice.last_error) == ("dead", True)
    assert system.scalar("select count(*) from review_item where kind = 'outbox.dead'") == 1
