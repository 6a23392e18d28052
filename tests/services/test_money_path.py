"""One payment goes all the way through, whatever goes wrong on the way (reliability.md 3, features.md F1 to F4)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.jobs.relay import Relay
from app.services import janitor
from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from tests.system import System

NOTICES = "select count(*) from outbox where kind = 'initiator.payment.notify'"


def test_a_one_off_payment_ends_paid_told_and_booked(system: System) -> None:
    number, reference = system.settle()
    assert system.status(number) == "paid"
    told = system.service("registry").store.exchanges("payment_status")
    assert len(told) == 1
    assert f'"payment_reference":"{reference}"' in told[0]["body"]
    assert '"invoice_number_collection":[]' in told[0]["body"]
    kinds = [row.kind for row in system.rows("select kind from event order by id")]
    assert kinds == [
        "invoice.issued",
        "invoice.link.made",
        "payment.created",
        "payment.link.made",
        "payment.fetched",
        "invoice.settled",
        "payment.settled",
        "gateway.callback.received",
        "initiator.notified",
    ]
    assert_sound(system)


def test_a_link_payment_ends_paid(system: System) -> None:
    number = system.invoice("eeid", "36.00")
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    assert page.status_code == 303
    reference = page.headers["Location"].rpartition("/")[2]
    system.pay(reference, method="bank")
    system.callback(reference)
    system.drain()
    assert system.status(number) == "paid"
    assert system.service("eeid").invoice(str(number))["status"] == "paid"  # type: ignore[index]
    assert_sound(system)


def test_a_link_that_was_only_opened_does_not_stand_in_the_way(system: System) -> None:
    number = system.invoice()
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    assert system.everypay.test_client().get(link.removeprefix("http://everypay.test")).status_code == 303
    reference = system.one_off(number)
    assert system.shop.payment(reference)["order_reference"] == f"{number}-2"  # type: ignore[index]
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert system.status(number) == "paid"
    assert_sound(system)


def test_a_forged_link_is_refused_by_the_gateway(system: System) -> None:
    number = system.invoice("eeid", "36.00")
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    forged = link.removeprefix("http://everypay.test").replace("36.00", "0.01")
    assert system.everypay.test_client().get(forged).status_code == 403


def test_many_callbacks_change_nothing_more(system: System) -> None:
    number, reference = system.settle("auction")
    for _ in range(20):
        assert system.callback(reference).status_code == 200
        system.drain()
    assert system.scalar("select count(*) from settlement") == 1
    assert system.scalar(NOTICES) == 1
    assert system.service("auction").invoice(str(number))["paid_amount"] == "120.00"  # type: ignore[index]
    assert_sound(system)


def test_a_burst_of_callbacks_is_one_look(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    for _ in range(50):
        system.callback(reference)
    system.drain()
    assert len(system.shop.store.exchanges(f"GET /payments/{reference}")) == 1
    assert system.status(number) == "paid"


def test_a_lost_callback_heals_by_itself(system: System) -> None:
    number = system.invoice()
    system.pay(system.one_off(number))
    system.hurry()
    with system.app.app_context():
        assert janitor.poll_open_payments() == 1
    system.drain()
    assert system.status(number) == "paid"
    assert_sound(system)


def test_an_auction_single_invoice_gets_null_for_its_collection(system: System) -> None:
    system.settle("auction")
    told = system.service("auction").store.exchanges("payment_status")
    assert '"invoice_number_collection":null' in told[0]["body"]


@pytest.mark.parametrize(
    ("state", "word", "invoice"),
    [
        ("waiting_for_sca", "pending", "pending"),
        ("waiting_for_3ds_response", "pending", "pending"),
        ("confirmed_3ds", "pending", "pending"),
        ("sent_for_processing", "processing", "pending"),
        ("authorised", "authorized", "pending"),
        ("failed", "failed", "charged_with_error"),
        ("abandoned", "expired", "charged_with_error"),
        ("voided", "cancelled", "unpaid"),
        ("teleported", "pending", "pending"),
        ("settled", "completed", "paid"),
    ],
)
def test_every_payment_state_has_its_own_end(system: System, state: str, word: str, invoice: str) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference, state)
    system.callback(reference)
    system.drain()
    assert system.scalar("select status from payment") == word
    assert system.status(number) == invoice
    assert system.scalar(NOTICES) == (1 if state == "settled" else 0)
    assert system.scalar("select count(*) from review_item") == (1 if state == "teleported" else 0)


def test_a_failed_payment_may_be_tried_again_and_succeed(system: System) -> None:
    number = system.invoice()
    first = system.one_off(number)
    system.pay(first, "failed")
    system.callback(first)
    system.drain()
    second = system.one_off(number)
    assert second != first
    assert system.shop.payment(second)["order_reference"] == f"{number}-2"  # type: ignore[index]
    system.pay(second)
    system.callback(second)
    system.drain()
    assert system.status(number) == "paid"
    assert system.service("registry").invoice(str(number))["status"] == "paid"  # type: ignore[index]


def test_the_same_page_is_shown_again_while_it_is_untouched(system: System) -> None:
    number = system.invoice()
    assert system.one_off(number) == system.one_off(number)
    assert system.scalar("select count(*) from payment") == 1


@pytest.mark.parametrize("kind", ["wrong_amount", "foreign_account"])
def test_a_difference_goes_to_review_and_not_to_paid(system: System, kind: str) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    system.everypay.test_client().put("/_sim/faults", json=[{"operation": "fetch", "kind": kind, "times": 5}])
    system.callback(reference)
    system.drain()
    assert system.status(number) == "pending"
    assert system.scalar("select count(*) from settlement") == 0
    assert system.scalar("select kind from review_item") == "payment.differs"


def test_money_of_another_currency_goes_to_review_and_not_to_paid(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    monkeypatch.setattr(system.app.extensions["integrations"].everypay, "currency", "USD")
    system.callback(reference)
    system.drain()
    assert system.status(number) == "pending"
    assert system.scalar("select kind from review_item") == "payment.differs"


def test_paying_twice_is_one_settlement_and_a_credit(system: System) -> None:
    number, _ = system.settle()
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    second = page.headers["Location"].rpartition("/")[2]
    system.pay(second)
    system.callback(second)
    system.drain()
    assert system.scalar("select count(*) from settlement") == 1
    assert system.scalar("select kind from review_item") == "payment.surplus"
    credit = (
        "select -sum(amount_minor) from ledger_entry e join ledger_account a on a.id = e.account_id where code = :c"
    )
    assert system.scalar(credit, c="credit:registry") == 12000
    assert system.scalar(NOTICES) == 1, "the service would count it once more"
    assert_sound(system)


def test_money_for_a_cancelled_invoice_is_kept_as_credit(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    body = {"invoice_number": number, "status": "cancelled"}
    assert system.call("registry", "/invoice_generator/invoice_status", body).status_code == 200
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert system.status(number) == "cancelled"
    assert system.scalar("select kind from review_item") == "payment.surplus"
    assert_sound(system)


def test_a_refund_made_at_the_gateway_is_noticed(system: System) -> None:
    number, reference = system.settle()
    system.pay(reference, "refunded", standing=Decimal("20.00"))
    system.callback(reference, "refunded")
    system.drain()
    assert system.status(number) == "partially_refunded"
    assert system.scalar("select refunded_minor from payment") == 10000
    system.pay(reference, "refunded")
    system.callback(reference, "refunded")
    system.drain()
    assert system.status(number) == "refunded"
    assert_sound(system)


def test_a_chargeback_is_never_ignored(system: System) -> None:
    number, reference = system.settle()
    system.pay(reference, "chargebacked")
    system.callback(reference, "chargebacked")
    system.drain()
    assert system.status(number) == "chargeback"
    assert_sound(system)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_an_answer_lost_after_the_gateway_made_the_payment_is_not_a_failure(system: System, status: int) -> None:
    number = system.invoice()
    fault = [{"operation": "create", "kind": "http_after", "status": status}]
    system.everypay.test_client().put("/_sim/faults", json=fault)
    body = {"invoice_number": str(number), "customer_url": "http://registrar.test/back"}
    assert system.call("registry", "/invoice_generator/oneoff", body).status_code == 503
    assert system.scalar("select status from payment") == "processing"
    reference = system.shop.store.all("payment")[0]["payment_reference"]
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert system.status(number) == "paid"
    assert system.scalar("select count(*) from payment") == 1
    assert_sound(system)


@pytest.mark.parametrize("code", ["registry", "auction", "eeid"])
@pytest.mark.parametrize("kind", ["http_after", "http", "html"])
def test_an_initiator_whose_answer_is_lost_has_the_news_once_in_effect(system: System, code: str, kind: str) -> None:
    system.transports[code].app.test_client().put(
        "/_sim/faults", json=[{"operation": "payment_status", "kind": kind, "status": 504}]
    )
    number, _ = system.settle(code)
    system.hurry()
    system.drain()
    system.hurry()
    system.drain()
    invoice = system.service(code).invoice(str(number))
    assert invoice is not None
    assert invoice["status"] == "paid"
    if code == "auction":
        assert float(invoice["paid_amount"]) == 120
    if code == "registry":
        assert float(invoice["credited"]) == 120
    assert system.scalar("select count(*) from outbox where state not in ('done') and kind like 'initiator%'") == 0


def test_a_notice_that_must_not_be_repeated_is_not_resent_after_a_crash(system: System) -> None:
    number = system.invoice("auction")
    reference = system.one_off(number, "auction")
    system.pay(reference)
    system.callback(reference)
    with system.app.app_context():
        from app.jobs.outbox import work_queue  # noqa: PLC0415

        work_queue("money")
    system.sql(
        "update outbox set state = 'leased', attempts = 1, lease_token = gen_random_uuid(), "
        "lease_until = now() - interval '1 second' where kind = 'initiator.payment.notify'"
    )
    with system.app.app_context():
        Relay().look()
    system.drain()
    service = system.service("auction")
    assert len(service.store.exchanges("payment_status")) == 0
    assert len(service.store.exchanges("invoices")) == 1
    assert service.invoice(str(number))["status"] == "paid"  # type: ignore[index]


def test_a_zero_invoice_is_paid_at_creation_and_nobody_is_told(system: System) -> None:
    number = system.invoice("auction", "0.0")
    assert system.status(number) == "paid"
    assert system.scalar("select count(*) from settlement") == 1
    assert system.scalar(NOTICES) == 0
    assert_sound(system)


def test_a_payment_reported_by_the_service_is_booked_and_not_echoed(system: System) -> None:
    number = system.invoice()
    body = {"invoice_number": number, "status": "paid"}
    assert system.call("registry", "/invoice_generator/invoice_status", body).status_code == 200
    assert system.call("registry", "/invoice_generator/invoice_status", body).status_code == 200
    assert system.status(number) == "paid"
    assert system.scalar(NOTICES) == 0
    assert system.scalar("select count(*) from payment") == 1
    assert_sound(system)


def test_a_changed_amount_makes_the_old_link_a_question(system: System) -> None:
    number = system.invoice()
    old = system.scalar("select payment_link from invoice where number = :n", n=number)
    body = {"invoice_number": number, "transaction_amount": 99.5}
    assert system.call("registry", "/invoice/update_invoice_data", body, method="PUT").status_code == 200
    page = system.everypay.test_client().get(old.removeprefix("http://everypay.test"))
    reference = page.headers["Location"].rpartition("/")[2]
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert system.status(number) != "paid"
    assert system.scalar("select kind from review_item") == "payment.differs"


def test_a_callback_is_believed_in_nothing(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    query = f"payment_reference={reference}&order_reference={number}&payment_state=settled&event_name=settled"
    system.app.test_client().get(f"/api/v1/callback_handler/callback?{query}")
    system.drain()
    assert system.status(number) == "pending"
    assert system.scalar("select count(*) from ledger_transaction where kind = 'payment.received'") == 0
