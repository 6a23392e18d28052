"""Issuing at once: one statement writes what a draft and its issue write, and one key makes one invoice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.draft import Buyer, Draft, DraftLine
from app.domain.errors import Invalid
from app.domain.tallinn import TALLINN
from app.domain.totals import Discount
from app.extensions import db
from app.integrations import current
from app.services import drafts, issuing
from app.services.issuing import Seen
from app.services.issuing_at_once import issue_at_once
from app.services.timeline import Actor
from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System

MARY = Actor("operator", "1")
TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINES = (
    DraftLine("Prepaid balance", Decimal(1), Decimal(100), "standard", "pc"),
    DraftLine("Book", Decimal("2.5"), Decimal("3.3333"), "reduced", discount=Discount(basis_points=1000)),
    DraftLine("Stamp", Decimal(3), Decimal("1.5"), "exempt", discount=Discount(minor=50)),
)
DRAFT = Draft("billing_system", Buyer("Põhjatäht OÜ", "arve@pohjataht.ee", "12345678"), LINES, "Balance", "2144032")
OF_IT = {
    "invoice": "status, kind, source, currency, subtotal_minor, tax_minor, total_minor, description, reference_number, "
    "customer_name, customer_email, details, due_on, account_id, internal_notes, issued_at",
    "invoice_line": "position, description, quantity, unit, unit_price_minor, discount_basis_points, discount_minor, "
    "net_minor, vat_code, tax_rate, tax_minor",
    "invoice_vat": "code, category, basis_points, taxable_minor, tax_minor",
    "ledger_entry": "account_id, amount_minor, currency",
    "event": "kind, actor_kind, actor, data - 'number' as data",
    "outbox": "kind, payload",
}


@pytest.fixture
def system(shared_system: System) -> Iterator[System]:
    with shared_system.app.app_context():
        yield shared_system
        db.session.remove()


def at_once(key: str, draft: Draft = DRAFT) -> int:
    return issue_at_once(draft, key=key, at=NOON, actor=MARY, signer=current().links)


def written(system: System, number: int) -> dict[str, list[Any]]:
    """Return everything that was written of an invoice, without ids."""
    where = {
        "invoice": "number = :n",
        "ledger_entry": "transaction_id in (select id from ledger_transaction where invoice_id = "
        "(select id from invoice where number = :n))",
    }
    usual = "invoice_id = (select id from invoice where number = :n)"
    return {
        table: sorted(
            (
                tuple(row)
                for row in system.rows(f"select {what} from {table} where {where.get(table, usual)}", n=number)
            ),
            key=repr,
        )
        for table, what in OF_IT.items()
    }


def test_it_is_what_a_draft_and_its_issue_make_without_the_draft(system: System) -> None:
    whole = written(system, at_once("o1"))
    invoice_id = drafts.create(DRAFT, key="o2", today=TODAY, actor=MARY)
    total = system.scalar("select total_minor from invoice where id = :id", id=invoice_id)
    stepwise = written(system, issuing.issue(invoice_id, Seen(1, total), NOON, MARY, current().links))
    stepwise["event"] = [each for each in stepwise["event"] if each[0] != "invoice.drafted"]
    stepwise["outbox"] = stepwise["outbox"][:1]  # the draft was searchable before
    assert whole == stepwise
    assert len(whole["invoice_line"]) == len(whole["invoice_vat"]) == 3


@pytest.mark.parametrize(("second", "rate"), [(-1, "22.0000"), (0, "24.0000")])
@pytest.mark.parametrize("stepwise", [True, False])
def test_its_rates_are_those_of_the_day_it_says_it_was_issued_on(
    system: System, second: int, rate: str, *, stepwise: bool
) -> None:
    at = datetime(2025, 7, 1, tzinfo=TALLINN) + timedelta(seconds=second)  # the rate rose with that day
    draft = replace(DRAFT, lines=LINES[:1])
    key = f"day:{second}:{stepwise}"
    if stepwise:
        invoice_id = drafts.create(draft, key=key, today=at.date(), actor=MARY)
        total = system.scalar("select total_minor from invoice where id = :id", id=invoice_id)
        number = issuing.issue(invoice_id, Seen(1, total), at, MARY, current().links)
    else:
        number = issue_at_once(draft, key=key, at=at, actor=MARY, signer=current().links)
    of = "from invoice i join invoice_line l on l.invoice_id = i.id where i.number = :n"
    assert [tuple(row) for row in system.rows(f"select i.issued_at, l.tax_rate::text {of}", n=number)] == [(at, rate)]


def test_its_link_names_it_and_asks_for_its_total(system: System) -> None:
    number = at_once("p1")
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    assert f"order_reference={number}&" in f"{link}&"
    total = system.scalar("select total_minor from invoice where number = :n", n=number)
    assert f"transaction_amount={total // 100}.{total % 100:02}&" in f"{link}&"


def test_one_key_makes_one_invoice_however_many_press_and_leaves_no_gap(system: System) -> None:
    upcoming = system.scalar("select next_number from number_range where kind = 'invoice' and active")

    def press(_: int) -> int:
        with system.app.app_context():
            number = at_once("q1")
            db.session.remove()
            return number

    with ThreadPoolExecutor(4) as people:
        assert set(people.map(press, range(8))) == {upcoming}
    assert at_once("q2") == upcoming + 1


def test_a_draft_with_the_same_key_is_the_one_that_is_issued(system: System) -> None:
    invoice_id = drafts.create(DRAFT, key="r1", today=TODAY, actor=MARY)
    number = at_once("r1")
    assert system.scalar("select number from invoice where id = :id", id=invoice_id) == number
    assert at_once("r1") == number


def test_an_invoice_over_nothing_is_paid_at_once(system: System) -> None:
    free = replace(LINES[0], price=Decimal(0))
    assert system.status(at_once("s1", replace(DRAFT, lines=(free,)))) == "paid"


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(DRAFT, lines=()), "lines"),
        (replace(DRAFT, buyer=Buyer()), "name"),
        (replace(DRAFT, due_on=date(2026, 3, 1)), "due_on"),
        (replace(DRAFT, service="nobody"), "service"),
        (replace(DRAFT, buyer=Buyer("A", account_id=999_999)), "payer"),
        (replace(DRAFT, lines=(replace(LINES[0], vat_code="none"),)), "line-1-vat"),
    ],
)
def test_what_it_lacks_is_named_and_nothing_is_kept(system: System, draft: Draft, field: str) -> None:
    before = system.rows("select next_number from number_range order by id")
    with pytest.raises(Invalid) as fault:
        at_once("t1", draft)
    assert list(fault.value.fields) == [field]
    assert system.rows("select next_number from number_range order by id") == before
    assert not system.scalar("select count(*) from invoice where external_id = 'portal:t1'")


def test_nothing_is_added_to_it_afterwards_and_every_proof_holds(system: System) -> None:
    number = at_once("u1")
    for table, names, values in (
        ("invoice_line", "position, description, unit_price_minor, net_minor", "9, 'x', 1, 1"),
        ("invoice_vat", "code, category, basis_points, taxable_minor, tax_minor", "'x1', 'S', 1, 1, 1"),
    ):
        with pytest.raises(DBAPIError, match="is issued"):
            system.sql(
                f"insert into {table} (invoice_id, {names}) select id, {values} from invoice where number = :n",
                n=number,
            )
        db.session.rollback()
    assert_sound(system)
