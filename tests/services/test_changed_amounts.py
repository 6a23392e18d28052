"""An amount that changes while its payer has an older link or page: what was asked rightly is booked (eis.md 5.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.services.refunding import assert_sound
from tests.services.test_siblings import by_link, hear

if TYPE_CHECKING:
    from tests.system import System

MONEY = "select total_minor, captured_minor, status from invoice where number = :n"
CREDIT = "select sum(amount_minor) from surplus s join invoice i on i.id = s.invoice_id where i.number = :n"
ASKED = "select r.kind from review_item r join invoice i on i.id = r.invoice_id where i.number = :n"


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


def change(system: System, number: int, amount: str) -> Any:
    body = {"invoice_number": number, "transaction_amount": amount}
    return system.call("registry", "/invoice/update_invoice_data", body, method="PATCH")


def money(system: System, number: int) -> tuple[int, int, str]:
    row = system.rows(MONEY, n=number)[0]
    return row.total_minor, row.captured_minor, row.status


def opened(system: System, number: int, link: str) -> str:
    page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    return str(page.headers["Location"]).rpartition("/")[2]


def test_an_older_link_over_more_pays_the_invoice_and_leaves_a_credit(system: System) -> None:
    number = system.invoice()
    older = str(system.scalar("select payment_link from invoice where number = :n", n=number))
    assert change(system, number, "100.00").status_code == 200
    hear(system, opened(system, number, older))
    assert money(system, number) == (10000, 10000, "paid")
    assert system.scalar(CREDIT, n=number) == 2000
    assert_sound(system)


def test_an_older_link_over_less_pays_a_part(system: System) -> None:
    number = system.invoice()
    older = str(system.scalar("select payment_link from invoice where number = :n", n=number))
    assert change(system, number, "150.00").status_code == 200
    hear(system, opened(system, number, older))
    assert money(system, number) == (15000, 12000, "partially_paid")
    assert_sound(system)


def test_an_amount_that_was_never_asked_stays_a_question(system: System) -> None:
    number = system.invoice()
    reference = by_link(system, number)
    assert change(system, number, "100.00").status_code == 200
    system.shop.move(reference, "settled")
    payment = system.shop.payment(reference)
    assert payment is not None
    payment["initial_amount"] = payment["standing_amount"] = "110.00"
    system.shop.store.put("payment", reference, payment)
    system.callback(reference)
    system.drain()
    assert money(system, number)[1] == 0
    assert system.scalar(ASKED, n=number) == "payment.differs"


def test_a_page_nobody_has_used_keeps_no_amount_from_changing(system: System) -> None:
    number = system.invoice()
    older = system.one_off(number)
    assert system.status(number) == "pending"
    assert change(system, number, "100.00").status_code == 200
    newer = system.one_off(number)
    assert newer != older
    assert str(system.shop.payment(newer)["initial_amount"]) == "100.00"  # type: ignore[index]
    hear(system, older)
    assert money(system, number) == (10000, 10000, "paid")
    assert system.scalar(CREDIT, n=number) == 2000
    assert_sound(system)


@pytest.mark.parametrize("state", ["sent_for_processing", "authorised", "waiting_for_3ds_response"])
def test_a_page_that_is_used_keeps_the_amount(system: System, state: str) -> None:
    number = system.invoice()
    hear(system, system.one_off(number), state)
    assert change(system, number, "100.00").status_code == 409
    assert money(system, number)[0] == 12000
