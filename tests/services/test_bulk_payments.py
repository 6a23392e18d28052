"""One payment for several invoices: every member is settled by it, once, whatever happened meanwhile (eis.md 5.3)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.integrations.fault_dial import Fault
from app.services import proofs
from app.services.cancellation import cancel
from app.services.initiators import caller_named
from app.services.invoice_status import StatusRefused, lock_by_number
from app.services.timeline import Actor
from app.uow import session, transaction
from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from tests.system import System

NOTICES = "select count(*) from outbox where kind = 'initiator.payment.notify'"
ALLOCATED = """select coalesce(sum(a.amount_minor), 0) from allocation a join invoice i on i.id = a.invoice_id
                where i.number = :n and a.reversed_at is null"""
PARENT = "select number from invoice where kind = 'bulk' order by id desc limit 1"


def broken(system: System) -> set[str]:
    with system.app.app_context():
        return {proof.name.split()[0] for proof in proofs.verify().proofs if proof.broken}


def finish(system: System, reference: str) -> None:
    system.pay(reference)
    system.callback(reference)
    system.drain()


def report(system: System, number: int, status: str, code: str = "auction") -> Any:
    return system.call(code, "/invoice_generator/invoice_status", {"invoice_number": number, "status": status})


def told(system: System, code: str) -> list[str]:
    return [each["body"] for each in system.service(code).store.exchanges("payment_status")]


def bulk_of(system: System, count: int = 3, code: str = "auction", amount: str = "120.00") -> tuple[list[int], str]:
    numbers = [system.invoice(code, amount) for _ in range(count)]
    return numbers, system.bulk(numbers, code)


def test_bulk_paid_and_the_auction_told(system: System) -> None:
    numbers, reference = bulk_of(system)
    finish(system, reference)
    assert [system.status(number) for number in numbers] == ["paid"] * 3
    parent = system.scalar(PARENT)
    assert system.status(parent) == "paid"
    messages = told(system, "auction")
    assert len(messages) == 1
    assert f'"order_reference":"Ref:{parent}, {", ".join(map(str, numbers))}"' in messages[0]
    for number in numbers:
        assert f'{{"number":{number},"ref":null}}' in messages[0]
        assert system.service("auction").invoice(str(number))["status"] == "paid"  # type: ignore[index]
        assert system.scalar(ALLOCATED, n=number) == 12_000
    assert_sound(system)


def test_bulk_paid_and_the_registry_told(system: System) -> None:
    numbers, reference = bulk_of(system, code="registry")
    finish(system, reference)
    assert [system.status(number) for number in numbers] == ["paid"] * 3
    # The registry binds a payment only when its sum is the invoice's total (eis.md 10.2.1): each hears its own.
    assert len(told(system, "registry")) == 3
    for number in numbers:
        invoice = system.service("registry").invoice(str(number))
        assert invoice is not None
        assert (invoice["status"], invoice["credited"], invoice["told"]) == ("paid", "120.00", 1)
    assert_sound(system)


def test_every_member_stands_on_its_own_timeline(system: System) -> None:
    numbers, reference = bulk_of(system, 2)
    finish(system, reference)
    for number in numbers:
        kinds = system.rows(
            "select e.kind from event e join invoice i on i.id = e.invoice_id where i.number = :n order by e.id",
            n=number,
        )
        assert [row.kind for row in kinds][2:] == ["invoice.bulk.joined", "invoice.settled", "initiator.notified"]


def test_many_callbacks_settle_once(system: System) -> None:
    _, reference = bulk_of(system)
    finish(system, reference)
    for _ in range(10):
        system.callback(reference)
        system.drain()
    assert system.scalar("select count(*) from settlement") == 4
    assert system.scalar(NOTICES) == 1
    assert_sound(system)


def test_members_wait_while_the_page_is_open_and_are_free_when_it_is_left(system: System) -> None:
    numbers, reference = bulk_of(system)
    assert [system.status(number) for number in numbers] == ["pending"] * 3
    system.pay(reference, "abandoned")
    system.callback(reference)
    system.drain()
    assert [system.status(number) for number in numbers] == ["unpaid"] * 3
    assert system.status(system.scalar(PARENT)) == "charged_with_error"
    again = system.bulk(numbers)
    assert again != reference
    assert system.scalar("select count(*) from invoice where kind = 'bulk'") == 1, "the same container is tried again"
    assert system.shop.payment(again)["order_reference"].startswith(f"Ref:{system.scalar(PARENT)}-2, ")  # type: ignore[index]
    finish(system, again)
    assert [system.status(number) for number in numbers] == ["paid"] * 3
    assert_sound(system)


def test_a_member_paid_elsewhere_meanwhile_leaves_credit_and_a_question(system: System) -> None:
    numbers, reference = bulk_of(system)
    finish(system, system.one_off(numbers[1], "auction"))
    finish(system, reference)
    assert [system.status(number) for number in numbers] == ["paid"] * 3
    assert [system.scalar(ALLOCATED, n=number) for number in numbers] == [12_000] * 3
    surplus = "select sentence from review_item where kind = 'payment.surplus'"
    assert system.scalar(surplus).startswith("120.00 EUR was received and its invoices needed less")
    assert f'"number":{numbers[1]}' not in told(system, "auction")[-1], "it would be counted twice there"
    assert system.service("auction").invoice(str(numbers[1]))["paid_amount"] == "120.00"  # type: ignore[index]
    assert_sound(system)


def test_a_member_reported_paid_or_cancelled_takes_nothing(system: System) -> None:
    numbers, reference = bulk_of(system)
    assert report(system, numbers[0], "paid").status_code == 200
    assert report(system, numbers[1], "cancelled").status_code == 200
    finish(system, reference)
    assert [system.status(number) for number in numbers] == ["paid", "cancelled", "paid"]
    assert (
        system.scalar(
            "select -sum(amount_minor) from ledger_entry e join ledger_account a on a.id = e.account_id "
            "where a.code = 'credit:auction'"
        )
        == 24_000
    )
    assert_sound(system)


def test_a_member_cannot_be_cancelled_once_the_money_moves(system: System) -> None:
    numbers, reference = bulk_of(system)
    system.pay(reference, "sent_for_processing")
    system.callback(reference)
    system.drain()
    assert report(system, numbers[0], "cancelled").status_code == 409


@pytest.mark.parametrize(("amount", "status", "open_"), [("80.00", "paid", 0), ("150.00", "partially_paid", 3_000)])
def test_a_member_whose_amount_changed_gets_what_it_needs_and_not_more_than_agreed(
    system: System, amount: str, status: str, open_: int
) -> None:
    numbers, reference = bulk_of(system)
    system.pay(reference, "abandoned")
    system.callback(reference)
    system.drain()
    body = {"invoice_number": numbers[2], "transaction_amount": amount}
    assert system.call("auction", "/invoice/update_invoice_data", body, method="PATCH").status_code == 200
    finish(system, reference)
    assert system.status(numbers[2]) == status
    left = "select total_minor - captured_minor from invoice where number = :n"
    assert system.scalar(left, n=numbers[2]) == open_
    asked = system.scalar("select kind from review_item order by id limit 1")
    assert asked == ("invoice.short" if open_ else "payment.surplus")
    if open_:
        assert f'"number":{numbers[2]}' not in told(system, "auction")[-1]
    assert_sound(system)


def test_the_same_wish_again_gets_the_same_page(system: System) -> None:
    numbers, reference = bulk_of(system)
    assert system.bulk(numbers[::-1]) == reference
    assert system.scalar("select count(*) from invoice where kind = 'bulk'") == 1


def test_another_choice_takes_the_place_of_the_first(system: System) -> None:
    numbers, first = bulk_of(system)
    second = system.bulk(numbers[:2])
    assert second != first
    assert system.scalar("select count(*) from bulk_member where released_at is null") == 2
    finish(system, second)
    assert [system.status(number) for number in numbers] == ["paid", "paid", "pending"]
    finish(system, first)
    assert [system.status(number) for number in numbers] == ["paid"] * 3
    assert system.scalar("select count(*) from review_item where kind = 'payment.surplus'") == 1
    assert_sound(system)


def test_no_second_page_while_the_money_moves(system: System) -> None:
    numbers, reference = bulk_of(system)
    system.pay(reference, "sent_for_processing")
    system.callback(reference)
    system.drain()
    body = {
        "description": f"{numbers[0]} {numbers[1]}",
        "transaction_amount": "240.00",
        "customer_url": "http://auction.test/back",
        "custom_field2": "auction",
    }
    refused = system.call("auction", "/invoice_generator/bulk_payment", body)
    assert refused.status_code == 422
    assert "is being paid at this moment" in refused.json["error"]["description"][0]


def test_a_lost_answer_of_the_auction_is_made_good_for_every_member(system: System) -> None:
    numbers, reference = bulk_of(system)
    system.service("auction").dial.turn([Fault("payment_status", "reset_after", times=1)])
    finish(system, reference)
    system.hurry()
    system.drain()
    told_instead = system.service("auction").store.exchanges("invoices")
    assert len(told_instead) == 3
    for number in numbers:
        assert system.service("auction").invoice(str(number))["status"] == "paid"  # type: ignore[index]
    assert_sound(system)


def test_a_second_payment_of_the_same_container_is_all_credit(system: System) -> None:
    numbers, first = bulk_of(system)
    system.pay(first, "abandoned")
    system.callback(first)
    system.drain()
    finish(system, system.bulk(numbers))
    finish(system, first)
    assert [system.scalar(ALLOCATED, n=number) for number in numbers] == [12_000] * 3
    assert system.scalar("select count(*) from payment where status = 'completed'") == 2
    assert len(told(system, "auction")) == 1, "of money that no invoice needed nobody is told"
    assert_sound(system)


def test_a_bulk_payment_is_not_an_invoice_to_report_change_or_register(system: System) -> None:
    bulk_of(system)
    parent = system.scalar(PARENT)
    for status in ("paid", "cancelled", "overdue"):
        assert report(system, parent, status).status_code == 409
    body = {"invoice_number": parent, "transaction_amount": "360.00", "custom_field2": "auction"}
    assert (
        system.call(
            "auction", "/invoice/update_invoice_data", body | {"transaction_amount": "1.00"}, method="PATCH"
        ).status_code
        == 409
    )
    assert system.call("auction", "/invoice_generator/invoice_generator", body).status_code == 409
    with system.app.app_context(), transaction() as tx, pytest.raises(StatusRefused, match="is a bulk payment"):
        cancel(tx, lock_by_number(tx, caller_named("auction").owns, parent), Actor("operator"), "by hand")


def test_the_two_ways_to_pay_at_once_are_each_taken_once(system: System) -> None:
    """A member's own page and the bulk page settle at the same moment, on two connections."""
    numbers, reference = bulk_of(system, 2)
    single = system.one_off(numbers[0], "auction")
    for each in (reference, single):
        system.pay(each)
    with system.app.app_context():
        looks = [row.id for row in session().execute(text("select id from gateway_reference order by id"))]

    def look(one: int) -> None:
        from app.services.refresh import refresh  # noqa: PLC0415

        with system.app.app_context():
            refresh(one, system.app.extensions["integrations"].everypay, (60,))

    threads = [threading.Thread(target=look, args=(one,)) for one in looks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    system.drain()
    assert [system.status(number) for number in numbers] == ["paid", "paid"]
    assert [system.scalar(ALLOCATED, n=number) for number in numbers] == [12_000, 12_000]
    assert system.scalar("select count(*) from review_item where kind = 'payment.surplus'") == 1
    assert_sound(system)


def test_many_wishes_at_once_make_one_container(system: System) -> None:
    numbers = [system.invoice("auction") for _ in range(3)]
    pages: list[str] = []
    threads = [threading.Thread(target=lambda: pages.append(system.bulk(numbers))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pages) == 6
    assert system.scalar("select count(*) from invoice where kind = 'bulk'") == 1
    assert system.scalar("select count(*) from bulk_member") == 3


JOIN = "insert into bulk_member (parent_id, member_id, position, amount_minor) select"
ALL_TO_THE_PARENT = "select id, invoice_id, 1 from payment"
STRANGER = "(select id from invoice where kind = 'regular' order by id desc limit 1)"


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("update bulk_member set amount_minor = amount_minor + 1", "what was agreed is fixed"),
        ("update bulk_member set member_id = parent_id", "what was agreed is fixed"),
        ("delete from bulk_member", "never deleted"),
        ("update invoice set total_minor = 1, subtotal_minor = 1 where kind = 'bulk'", "kind and total are fixed"),
        ("update invoice set kind = 'regular' where kind = 'bulk'", "kind and total are fixed"),
        (f"{JOIN} parent_id, {STRANGER}, 99, 1 from bulk_member limit 1", "members of bulk .* sum to"),
        (f"{JOIN} member_id, parent_id, 99, 1 from bulk_member limit 1", "cannot be a member"),
        (f"insert into allocation (payment_id, invoice_id, amount_minor) {ALL_TO_THE_PARENT}", "container"),
    ],
)
def test_the_database_keeps_what_was_agreed(system: System, statement: str, rule: str) -> None:
    bulk_of(system)
    system.invoice("auction")
    with pytest.raises(IntegrityError, match=rule):
        system.sql(statement)


@pytest.mark.parametrize(
    ("table", "change", "alarm"),
    [
        ("invoice", "captured_minor = captured_minor - 1 where kind = 'bulk'", "B1"),
        ("bulk_member", "amount_minor = amount_minor - 1", "B2"),
        ("outbox", "payload = payload #- '{body,invoice_number_collection,0}' where payment_id is not null", "B3"),
    ],
)
def test_the_proofs_see_it_when_members_and_money_part(system: System, table: str, change: str, alarm: str) -> None:
    _, reference = bulk_of(system)
    finish(system, reference)
    assert not broken(system)
    system.sql(f"alter table {table} disable trigger user")
    system.sql(f"update {table} set {change}")
    assert alarm in broken(system)
