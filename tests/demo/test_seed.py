"""Synthetic invoices are as true as real ones: every invariant holds, every status follows from its facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.demo import seed
from app.domain.reference import is_valid
from app.models.invoice import Invoice
from app.services import proofs
from app.services.invoice_status import recompute
from app.uow import transaction

if TYPE_CHECKING:
    from tests.system import System


def test_seeded_invoices_keep_every_invariant(system: System) -> None:
    system.settle()
    with system.app.app_context():
        seed.fill(600)
        seed.fill(300)
        report = proofs.verify()
    assert report.holds, str(report)
    assert system.scalar("select count(*) from invoice") == 901
    assert system.scalar("select count(distinct status) from invoice") >= 6


def test_every_seeded_status_follows_from_its_facts(system: System) -> None:
    with system.app.app_context():
        seed.fill(300)
        with transaction() as tx:
            for invoice in tx.scalars(select(Invoice)).all():
                before = invoice.status
                assert recompute(invoice) == before, invoice.number


def test_seeded_numbers_stay_outside_of_what_is_handed_out(system: System) -> None:
    with system.app.app_context():
        seed.fill(50)
    before = system.number()
    assert system.scalar("select min(number) from invoice") > system.scalar("select max(last_number) from number_range")
    assert before == 150005


def test_seeded_reference_numbers_pass_the_check(system: System) -> None:
    with system.app.app_context():
        seed.fill(200)
    numbers = [row[0] for row in system.rows("select distinct reference_number from invoice")]
    assert len(numbers) > 20
    assert all(is_valid(number) for number in numbers if number)
