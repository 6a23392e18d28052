"""Drafts: written, changed, discarded or issued; the number belongs to the issuing transaction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.draft import Buyer, ChangedMeanwhile, Draft, DraftLine
from app.domain.errors import Invalid
from app.domain.numbering import NumberRangeExhausted
from app.domain.tallinn import TALLINN
from app.domain.totals import Discount
from app.extensions import db
from app.integrations import current
from app.queries import owned_invoices
from app.queries.invoice_filter import InvoiceFilter
from app.services import drafts, issuing, proofs
from app.services.drafts import NoDraft
from app.services.issuing import Seen, TotalsChanged
from app.services.timeline import Actor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System

MARY = Actor("operator", "1")
TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINE = DraftLine("Prepaid balance", Decimal(1), Decimal(100), "standard", "pc")
DRAFT = Draft("billing_system", Buyer("Põhjatäht OÜ", "arve@pohjataht.ee", "12345678"), (LINE,), "Balance")

ADD_LINE = (
    "insert into invoice_line (invoice_id, position, description, unit_price_minor, net_minor) "
    "values (:id, 9, 'x', 1, 1)"
)
ADD_VAT = (
    "insert into invoice_vat (invoice_id, code, category, basis_points, taxable_minor, tax_minor) "
    "values (:id, 'x1', 'S', 1, 1, 1)"
)


@pytest.fixture
def system(shared_system: System) -> Iterator[System]:
    with shared_system.app.app_context():
        yield shared_system
        db.session.remove()


def made(key: str, draft: Draft = DRAFT) -> int:
    return drafts.create(draft, key=key, today=TODAY, actor=MARY)


def row(system: System, invoice_id: int) -> Any:
    return system.rows("select * from invoice where id = :id", id=invoice_id)[0]


def issued(system: System, key: str, draft: Draft = DRAFT, *, link: bool = True) -> int:
    invoice_id = made(key, draft)
    seen = Seen(1, row(system, invoice_id).total_minor)
    return issuing.issue(invoice_id, seen, NOON, MARY, current().links if link else None)


def test_a_draft_owes_nothing_and_has_no_number(system: System) -> None:
    invoice_id = made("a1")
    found = row(system, invoice_id)
    assert (found.status, found.number, found.issued_at, found.total_minor) == ("draft", None, None, 12400)
    assert system.scalar("select count(*) from ledger_transaction where invoice_id = :id", id=invoice_id) == 0
    assert made("a1") == invoice_id
    hidden = replace(DRAFT, service="registry")
    unseen = made("a2", hidden)
    registry = [system.scalar("select id from initiator where code = 'registry'")]
    seen = owned_invoices.search(registry, InvoiceFilter(), None, 50).rows
    assert unseen not in [each.id for each in seen]


def test_issuing_takes_the_number_freezes_the_lines_and_books_what_is_owed(system: System) -> None:
    lines = (
        LINE,
        DraftLine("Book", Decimal("2.5"), Decimal("3.3333"), "reduced", discount=Discount(basis_points=1000)),
    )
    upcoming = system.scalar("select next_number from number_range where kind = 'invoice' and active")
    number = issued(system, "b1", replace(DRAFT, lines=lines))
    assert number == upcoming
    found = system.rows("select * from invoice where number = :number", number=number)[0]
    assert (found.status, found.subtotal_minor, found.tax_minor, found.total_minor) == (
        "unpaid",
        10750,
        2468,  # 2400 and 67.5
        13218,
    )
    assert "order_reference=" + str(number) in found.payment_link
    assert "transaction_amount=132.18" in found.payment_link
    kept = system.rows(
        "select quantity, unit_price_minor, discount_minor, net_minor, vat_code, tax_rate from invoice_line "
        "where invoice_id = :id order by position",
        id=found.id,
    )
    assert [tuple(each) for each in kept] == [
        (Decimal(1), Decimal(10000), 0, 10000, "standard", Decimal(24)),
        (Decimal("2.5"), Decimal("333.33"), 83, 750, "reduced", Decimal(9)),
    ]
    told = system.rows("select kind from event where invoice_id = :id order by id", id=found.id)
    assert [each.kind for each in told] == ["invoice.drafted", "invoice.issued", "invoice.link.made"]
    assert system.scalar("select used_at from number_reservation where number = :number", number=number)


def test_a_rollback_leaves_no_gap(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice_id = made("c1")
    upcoming = system.scalar("select next_number from number_range where kind = 'invoice' and active")
    with monkeypatch.context() as patched:
        patched.setattr("app.services.issuing.ledger.post", lambda *_args, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            issuing.issue(invoice_id, Seen(1, 12400), NOON, MARY, None)
    assert system.scalar("select next_number from number_range where kind = 'invoice' and active") == upcoming
    assert issuing.issue(invoice_id, Seen(1, 12400), NOON, MARY, None) == upcoming


def test_who_saw_an_older_version_changes_nothing(system: System) -> None:
    invoice_id = made("d1")
    other = replace(DRAFT, description="Other")
    drafts.change(invoice_id, other, version=1, today=TODAY, actor=MARY)
    with pytest.raises(ChangedMeanwhile):
        drafts.change(invoice_id, DRAFT, version=1, today=TODAY, actor=MARY)
    with pytest.raises(ChangedMeanwhile):
        issuing.issue(invoice_id, Seen(1, 12400), NOON, MARY, None)
    with pytest.raises(ChangedMeanwhile):
        drafts.discard(invoice_id, version=1, reason="no", actor=MARY)
    assert row(system, invoice_id).description == "Other"


def test_a_draft_is_issued_once_however_many_press(system: System) -> None:
    invoice_id = made("e1")

    def press(_turn: int) -> str:
        with system.app.app_context():
            try:
                return str(issuing.issue(invoice_id, Seen(1, 12400), NOON, MARY, None))
            except NoDraft:
                return "issued already"

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(press, range(4)))
    assert said.count("issued already") == 3
    assert system.scalar("select count(*) from ledger_transaction where invoice_id = :id", id=invoice_id) == 1


def test_a_discarded_draft_stays_and_cannot_be_issued(system: System) -> None:
    invoice_id = made("f1")
    drafts.discard(invoice_id, version=1, reason="made by mistake", actor=MARY)
    found = row(system, invoice_id)
    assert (found.status, found.cancel_reason, found.number) == ("cancelled", "made by mistake", None)
    with pytest.raises(NoDraft):
        issuing.issue(invoice_id, Seen(2, 12400), NOON, MARY, None)


def test_when_the_rate_has_changed_nobody_issues_another_amount_unseen(system: System) -> None:
    invoice_id = drafts.create(DRAFT, key="g1", today=date(2025, 6, 30), actor=MARY)
    assert row(system, invoice_id).total_minor == 12200
    with pytest.raises(TotalsChanged) as refused:
        issuing.issue(invoice_id, Seen(1, 12200), datetime(2025, 7, 1, tzinfo=TALLINN), MARY, None)
    assert refused.value.data["total_minor"] == 12400


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(DRAFT, lines=()), "lines"),
        (replace(DRAFT, buyer=Buyer()), "name"),
        (replace(DRAFT, due_on=date(2026, 3, 1)), "due_on"),
    ],
)
def test_what_an_invoice_needs_is_named_at_issue(system: System, draft: Draft, field: str) -> None:
    invoice_id = made(f"h-{field}", draft)
    with pytest.raises(Invalid) as refused:
        issuing.issue(invoice_id, Seen(1, row(system, invoice_id).total_minor), NOON, MARY, None)
    assert set(refused.value.fields) == {field}


def test_what_is_due_on_the_last_day_is_issued_though_midnight_comes_meanwhile(system: System) -> None:
    """The day it is issued on is long over when the status is derived."""
    assert system.status(issued(system, "midnight", replace(DRAFT, due_on=TODAY))) == "unpaid"


def test_a_rate_that_does_not_hold_is_named_with_its_line(system: System) -> None:
    with pytest.raises(Invalid) as refused:
        made("i1", replace(DRAFT, lines=(LINE, replace(LINE, vat_code="nothing"))))
    assert set(refused.value.fields) == {"line-2-vat"}


def test_an_invoice_over_nothing_is_paid(system: System) -> None:
    number = issued(system, "j1", replace(DRAFT, lines=(replace(LINE, discount=Discount(minor=10_000)),)))
    assert system.status(number) == "paid"
    assert system.scalar("select payment_link from invoice where number = :n", n=number) is None


def test_an_exhausted_range_issues_nothing(system: System) -> None:
    invoice_id = made("k1")
    kept = system.scalar("select next_number from number_range where kind = 'invoice'")
    system.sql("update number_range set next_number = last_number + 1 where kind = 'invoice'")
    try:
        with pytest.raises(NumberRangeExhausted):
            issuing.issue(invoice_id, Seen(1, 12400), NOON, MARY, None)
    finally:
        system.sql("update number_range set next_number = :kept where kind = 'invoice'", kept=kept)
    assert row(system, invoice_id).status == "draft"


@pytest.mark.parametrize(
    "change",
    [
        "update invoice set customer_name = 'x' where id = :id",
        "update invoice set total_minor = 1, subtotal_minor = 1, tax_minor = 0 where id = :id",
        "update invoice set due_on = '2027-01-01' where id = :id",
        "update invoice set source = 'api' where id = :id",
        "update invoice_line set description = 'x' where invoice_id = :id",
        "update invoice_vat set tax_minor = 0 where invoice_id = :id",
        ADD_LINE,
        ADD_VAT,
    ],
)
def test_the_database_keeps_what_was_issued(system: System, change: str) -> None:
    number = issued(system, f"l-{hash(change)}")
    invoice_id = system.scalar("select id from invoice where number = :number", number=number)
    with pytest.raises(DBAPIError):
        system.sql(change, id=invoice_id)


def test_description_and_notes_may_change_after_issue(system: System) -> None:
    number = issued(system, "m1")
    system.sql("update invoice set description = 'd', internal_notes = 'n' where number = :number", number=number)
    written = system.rows("select description, internal_notes from invoice where number = :number", number=number)
    assert [tuple(row) for row in written] == [("d", "n")]


def test_an_issued_invoice_is_paid_by_its_link_like_any_other_and_every_proof_holds(system: System) -> None:
    number = issued(system, "n1", replace(DRAFT, service="registry"))
    reference = system.one_off(number)
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert system.status(number) == "paid"
    report = proofs.verify()
    assert report.holds, str(report)


def test_the_same_key_for_another_service_is_another_draft(system: System) -> None:
    key = "two-services"
    first, other = made(key), made(key, replace(DRAFT, service="auction"))
    assert first != other
    assert (made(key), made(key, replace(DRAFT, service="auction"))) == (first, other)
