"""A deposit is paid once, told once in effect, and its record says what became of it (eis.md 5.4, 5.5, 10.2.3)."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.integrations.fault_dial import Fault
from tests.services.refunding import assert_sound
from tests.services.test_bulk_payments import broken

if TYPE_CHECKING:
    from tests.system import System

ALL = "initiator_id, invoice_id, domain, user_uuid, user_email"
NUMBERS = "select i.number from deposit d join invoice i on i.id = d.invoice_id order by d.id"


def finish(system: System, reference: str, state: str = "settled") -> None:
    system.pay(reference, state)
    system.callback(reference)
    system.drain()


def numbers(system: System) -> list[int]:
    return [row.number for row in system.rows(NUMBERS)]


def told(system: System) -> list[dict[str, Any]]:
    return [json.loads(each["body"]) for each in system.service("auction").store.exchanges("payment_status")]


def participant(system: System, domain: str = "a.ee", user: str = "u-1") -> dict[str, Any]:
    found = system.service("auction").store.get("participant", f"{domain} {user}")
    assert found is not None
    return found


def test_deposit_paid_and_the_auction_told(system: System) -> None:
    finish(system, system.deposit())
    number = numbers(system)[0]
    assert told(system) == [
        {
            "domain_name": "a.ee",
            "user_uuid": "u-1",
            "user_email": "u-1@users.test",
            "transaction_amount": 500.0,
            "invoice_number": number,
            "description": "deposit",
            "affiliation": 1,
        }
    ]
    kind = "select jsonb_typeof(payload -> 'body' -> 'transaction_amount') from outbox where payment_id is not null"
    assert system.scalar(kind + " and kind like '%.notify'") == "number"
    assert participant(system)["invoice_number"] == str(number)
    assert (system.status(number), system.scalar("select status from deposit")) == ("paid", "paid")
    assert_sound(system)


def test_a_lost_answer_is_repeated_and_counted_once(system: System) -> None:
    system.service("auction").dial.turn([Fault("payment_status", "reset_after", times=1)])
    finish(system, system.deposit())
    system.hurry()
    system.drain()
    assert len(told(system)) == 2
    assert participant(system)["told"] == 2, "guarded there by the participation"
    assert not system.service("auction").store.exchanges("invoices")
    assert_sound(system)


def test_the_second_click_is_the_same_page_and_no_second_number(system: System) -> None:
    assert system.deposit() == system.deposit()
    assert len(numbers(system)) == 1


def test_an_abandoned_page_is_tried_again_under_the_same_number(system: System) -> None:
    first = system.deposit()
    finish(system, first, "abandoned")
    second = system.deposit()
    assert second != first
    assert len(numbers(system)) == 1
    assert system.shop.payment(second)["order_reference"] == f"{numbers(system)[0]}-2"  # type: ignore[index]
    finish(system, second)
    assert participant(system)["told"] == 1
    assert_sound(system)


def test_many_clicks_at_once_are_one_deposit(system: System) -> None:
    pages: list[str] = []
    threads = [threading.Thread(target=lambda: pages.append(system.deposit())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pages) == 6
    assert len(numbers(system)) == 1


def test_another_user_or_domain_is_another_deposit(system: System) -> None:
    for domain, user in [("a.ee", "u-1"), ("a.ee", "u-2"), ("ba.ee", "u-1"), ("%", "u-1"), ("a.ee", "%")]:
        system.deposit(domain, user)
    assert len(set(numbers(system))) == 5


def test_another_amount_takes_the_place_of_what_nobody_paid(system: System) -> None:
    first = system.deposit(amount="500")
    second = system.deposit(amount="700")
    old, new = numbers(system)
    assert (system.status(old), system.status(new)) == ("cancelled", "pending")
    finish(system, second)
    assert participant(system)["deposit"] == "700.00"
    finish(system, first)
    assert system.scalar("select count(*) from review_item where kind = 'payment.surplus'") == 1
    assert len(told(system)) == 1, "money nobody asked for lets nobody in"
    assert_sound(system)


def test_another_amount_waits_while_the_old_one_is_being_paid(system: System) -> None:
    finish(system, system.deposit(), "sent_for_processing")
    with pytest.raises(AssertionError, match="which is being paid at this moment"):
        system.deposit(amount="700")
    assert len(numbers(system)) == 1


def test_after_a_paid_deposit_the_next_one_is_a_new_one(system: System) -> None:
    finish(system, system.deposit())
    finish(system, system.deposit())
    assert len(set(numbers(system))) == 2
    assert system.scalar("select count(*) from deposit where status = 'paid' and closed_at is not null") == 2
    assert_sound(system)


def test_a_second_payment_of_one_deposit_is_credit_and_lets_nobody_in(system: System) -> None:
    first = system.deposit()
    finish(system, first, "abandoned")
    finish(system, system.deposit())
    finish(system, first)
    assert len(told(system)) == 1
    assert system.scalar("select count(*) from review_item where kind = 'payment.surplus'") == 1
    assert_sound(system)


def test_a_deposit_invoice_without_a_record_is_told_as_any_other(system: System) -> None:
    number = system.invoice("auction", affiliation="auction_deposit")
    finish(system, system.one_off(number, "auction"))
    assert told(system)[0]["order_reference"] == str(number)
    assert_sound(system)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("update deposit set user_uuid = 'another'", "whose it is is fixed"),
        ("update deposit set invoice_id = invoice_id + 1", "whose it is is fixed"),
        ("update deposit set closed_at = null", "whose it is is fixed"),
        ("delete from deposit", "never deleted"),
        ("update deposit set status = 'refunded'", "ck_deposit_status"),
        (f"insert into deposit ({ALL}) select {ALL} from deposit", "uq_deposit_invoice_id"),
    ],
)
def test_the_database_keeps_whose_a_deposit_is(system: System, statement: str, rule: str) -> None:
    finish(system, system.deposit())
    with pytest.raises(IntegrityError, match=rule):
        system.sql(statement)


def test_the_database_keeps_one_open_deposit_per_user_and_domain(system: System) -> None:
    system.deposit()
    system.invoice("auction")
    with pytest.raises(IntegrityError, match="uq_deposit_open"):
        system.sql(
            "insert into deposit (initiator_id, invoice_id, domain, user_uuid, user_email) select initiator_id, "
            "(select max(id) from invoice), domain, user_uuid, user_email from deposit"
        )


@pytest.mark.parametrize(
    ("table", "change", "alarm"),
    [
        ("deposit", "closed_at = null", "D1"),
        ("invoice", "kind = 'regular'", "D1"),
        ("deposit", "user_uuid = 'another'", "D2"),
        ("outbox", "payload = jsonb_set(payload, '{body,transaction_amount}', '1') where payment_id > 0", "D2"),
    ],
)
def test_the_proofs_see_it_when_a_deposit_and_its_money_part(
    system: System, table: str, change: str, alarm: str
) -> None:
    finish(system, system.deposit())
    assert not broken(system)
    system.sql(f"alter table {table} disable trigger user")
    system.sql(f"update {table} set {change}")
    assert alarm in broken(system)
