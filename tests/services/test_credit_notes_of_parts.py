"""Credit notes of invoices that are half paid: nothing is lost between what came and what was still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.extensions import db
from app.services.credit_notes import CreditRefused
from tests.services.test_credit_notes import credit, holds, invoice, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System


@pytest.fixture
def system(shared_system: System) -> Iterator[System]:
    with shared_system.app.app_context():
        yield shared_system
        db.session.remove()


def part_of(system: System, number: int, amount: str, state: str) -> None:
    reference = system.one_off(number, "auction", amount)
    system.pay(reference, state)
    system.callback(reference)
    system.drain()


def test_all_of_a_partly_paid_invoice_cancels_it_and_its_part_is_the_payers_again(system: System) -> None:
    number = invoice(system)
    part_of(system, number, "40.00", "settled")
    note = credit(number, 10_000)
    assert (note.room.open_minor, note.room.held_minor) == (8400, 4000)
    assert state(system, number) == ("cancelled", 0, 12400)
    over = "select s.amount_minor from surplus s join invoice i on i.id = s.invoice_id where i.number = :n"
    assert system.scalar(over, n=number) == 4000
    holds()


@pytest.mark.parametrize(("net", "refused"), [(6774, True), (10_000, True), (6773, False)])
def test_the_rest_is_not_taken_back_while_it_is_being_paid(system: System, net: int, *, refused: bool) -> None:
    number = invoice(system)
    part_of(system, number, "40.00", "settled")
    part_of(system, number, "30.00", "waiting_for_sca")
    if refused:
        with pytest.raises(CreditRefused):
            credit(number, net)
    else:
        credit(number, net)
    assert state(system, number)[:2] == ("partially_paid", 4000)
    holds()
