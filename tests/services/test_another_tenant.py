"""Everything one tenant can go through, another can: what is written of its rows is written as its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.refunding import ask, assert_sound, order, send
from tests.services.test_polling import poll

if TYPE_CHECKING:
    from tests.system import System

HOUSE = ("initiator", "number_range", "setting", "vat_rate")
OF_A_ROW = ("event", "review_item", "outbox", "ledger_transaction")
SPOKEN_OF = "select count(*) from {} where (invoice_id is not null or payment_id is not null) and tenant_id {} 1"


@pytest.fixture(scope="module")
def theirs(shared_system: System) -> System:
    """Return a system in which all there is belongs to a second tenant."""
    shared_system.sql("insert into tenant (slug, name, default_currency) values ('other', 'Somebody else', 'EUR')")
    for table in HOUSE:
        shared_system.sql(f"update {table} set tenant_id = (select id from tenant where slug = 'other')")
    return shared_system


def paid(system: System, code: str = "registry") -> tuple[int, str]:
    """Take a payment all the way; the gateway's calls are for the first tenant, so the clock asks."""
    number = system.invoice(code)
    reference = system.one_off(number, code)
    system.pay(reference)
    poll(system, reference)
    assert system.status(number) == "paid"
    return number, reference


def test_a_payment_a_refund_a_chargeback_and_money_that_is_over(theirs: System) -> None:
    number, reference = paid(theirs)
    send(theirs, ask(theirs, order(theirs, reference, 5000)).id)
    assert theirs.status(number) == "partially_refunded"

    number, reference = paid(theirs, "auction")
    theirs.pay(reference, "chargebacked", standing="0.00")
    with theirs.app.app_context():
        theirs.sql("update payment set next_check_at = now() where external_id = :r", r=reference)
    poll(theirs, reference)
    assert theirs.status(number) == "chargeback"

    number = theirs.invoice()
    twice = [theirs.one_off(number, amount="60.00"), theirs.one_off(number)]
    for each in twice:
        theirs.pay(each)
        poll(theirs, each)
    assert theirs.scalar(
        "select count(*) from surplus s join invoice i on i.id = s.invoice_id where number = :n", n=number
    )


def test_several_invoices_at_once_and_a_gateway_that_says_no(theirs: System) -> None:
    numbers = [theirs.invoice("auction") for _ in range(3)]
    reference = theirs.bulk(numbers)
    theirs.pay(reference)
    poll(theirs, reference)
    assert {theirs.status(each) for each in numbers} == {"paid"}

    failed = theirs.one_off(theirs.invoice())
    theirs.pay(failed, "failed")
    poll(theirs, failed)


def test_nothing_of_it_is_the_first_tenants(theirs: System) -> None:
    paid(theirs)
    for table in OF_A_ROW:
        assert theirs.scalar(SPOKEN_OF.format(table, "=")) == 0, table
        assert theirs.scalar(SPOKEN_OF.format(table, "<>")) or table == "review_item", table
    # Another's service of the same name has books of its own.
    theirs.sql("insert into initiator (code, name) select code, 'Another' from initiator on conflict do nothing")
    assert_sound(theirs)
