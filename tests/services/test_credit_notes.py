"""Credit notes: what they take off is not owed; what was paid for it is the payer's; every proof holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.credit_note import CreditTooLarge
from app.domain.draft import ChangedMeanwhile
from app.domain.errors import Invalid
from app.extensions import db
from app.integrations import current
from app.services import credit_notes, drafts, issuing, payer_credits, proofs, refunds
from app.services.credit_notes import CreditOrder, CreditRefused
from app.services.issuing import Seen
from app.services.refunds import RefundOrder
from app.services.timeline import Actor
from tests.services.test_changed_amounts import opened
from tests.services.test_drafts import DRAFT, NOON, TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.services.credit_notes import IssuedCredit
    from tests.system import System

SURPLUS = "select s.amount_minor from surplus s join invoice i on i.id = s.invoice_id where i.number = :n"
MARY, JAAK = Actor("operator", "1"), Actor("operator", "2")
KEYS = iter(range(10**6))


@pytest.fixture
def system(shared_system: System) -> Iterator[System]:
    with shared_system.app.app_context():
        yield shared_system
        db.session.remove()


def invoice(system: System, *, paid: bool = False, service: str = "auction") -> int:
    """Issue an invoice over 124.00 in the portal."""
    made = drafts.create(
        DRAFT.__class__(service, DRAFT.buyer, DRAFT.lines), key=f"credit-{next(KEYS)}", today=TODAY, actor=MARY
    )
    number = issuing.issue(made, Seen(1, 12400), NOON, MARY, current().links)
    if paid:
        reference = system.one_off(number, service)
        system.pay(reference)
        system.callback(reference)
        system.drain()
    return number


def credit(number: int, net_minor: int, seen_minor: int = 12400, key: str = "") -> IssuedCredit:
    order = CreditOrder({1: net_minor}, "agreed with the payer", key or f"key-{next(KEYS)}", seen_minor)
    return credit_notes.issue(number, order, actor=MARY, signer=current().links)


def state(system: System, number: int) -> tuple[str, int, int]:
    found = system.rows("select status, captured_minor, credited_minor from invoice where number = :n", n=number)[0]
    return found.status, found.captured_minor, found.credited_minor


def holds() -> None:
    report = proofs.verify()
    assert report.holds, "\n".join(line for line in str(report).splitlines() if "BROKEN" in line)


def test_a_part_of_an_unpaid_invoice_is_not_asked_for_any_more(system: System) -> None:
    number = invoice(system)
    note = credit(number, 2500)
    assert (note.total.minor, note.room.open_minor) == (3100, 3100)
    assert state(system, number) == ("unpaid", 0, 3100)
    assert "transaction_amount=93.00" in system.scalar("select payment_link from invoice where number = :n", n=number)
    holds()
    reference = system.one_off(number, "auction")
    system.pay(reference)
    system.callback(reference)
    system.drain()
    assert state(system, number) == ("paid", 9300, 3100)
    holds()


def link_of(system: System, number: int) -> str:
    return str(system.scalar("select payment_link from invoice where number = :n", n=number))


def by_link(system: System, number: int, link: str) -> tuple[str, int, int]:
    """Let a payer pay by a link; returns how the invoice stands then."""
    reference = opened(system, number, link)
    system.pay(reference)
    system.callback(reference)
    system.drain()
    holds()
    return state(system, number)


def test_the_link_that_a_credit_note_makes_anew_pays_the_invoice(system: System) -> None:
    number = invoice(system)
    credit(number, 2500)
    assert by_link(system, number, link_of(system, number)) == ("paid", 9300, 3100)


@pytest.mark.parametrize(("older", "over"), [(0, 12400), (1, 9300)])
def test_a_link_of_before_a_credit_note_pays_it_too_and_leaves_a_credit(system: System, older: int, over: int) -> None:
    number = invoice(system)
    links = []
    for _ in range(2):
        links.append(link_of(system, number))
        credit(number, 2500, 12400 - 3100 * (len(links) - 1))
    assert by_link(system, number, links[older]) == ("paid", 6200, 6200)
    assert system.scalar(SURPLUS, n=number) == over - 6200


def test_a_link_over_what_nobody_ever_asked_stays_a_question(system: System) -> None:
    number = invoice(system)
    credit(number, 2500)
    reference = opened(system, number, link_of(system, number))
    system.shop.move(reference, "settled")
    payment = system.shop.payment(reference)
    assert payment is not None
    payment["initial_amount"] = payment["standing_amount"] = "31.00"
    system.shop.store.put("payment", reference, payment)
    system.callback(reference)
    system.drain()
    assert state(system, number) == ("unpaid", 0, 3100)


def test_all_of_an_unpaid_invoice_cancels_it_and_its_service_is_told(system: System) -> None:
    number = invoice(system)
    note = credit(number, 10_000)
    found = system.rows("select status, cancel_reason from invoice where number = :n", n=number)[0]
    assert tuple(found) == ("cancelled", f"credit note {note.number}")
    told = (
        "select payload -> 'body' ->> 'status' from outbox o join invoice i on i.id = o.invoice_id where i.number = :n"
    )
    assert system.scalar(told + " and o.kind = 'initiator.invoice.synchronise'", n=number) == "cancelled"
    holds()
    with pytest.raises(CreditRefused):
        credit(number, 1, 0)


def test_a_part_of_a_paid_invoice_becomes_credit_that_can_be_given_back(system: System) -> None:
    number = invoice(system, paid=True)
    note = credit(number, 5000)
    assert (note.room.open_minor, note.room.held_minor) == (0, 6200)
    assert state(system, number) == ("paid", 6200, 6200)
    surplus = system.rows(
        "select s.* from surplus s join invoice i on i.id = s.invoice_id where i.number = :n", n=number
    )[0]
    assert surplus.amount_minor == 6200
    assert payer_credits.offer(surplus.id).free.minor == 6200
    holds()
    asked = payer_credits.refund(surplus.id, actor=MARY, key="back")
    if asked.status == "pending_approval":
        refunds.approve(asked.id, actor=JAAK)
    system.drain()
    system.hurry()
    system.drain()
    assert system.scalar("select refunded_minor from surplus where id = :id", id=surplus.id) == 6200
    assert state(system, number)[0] == "paid"
    holds()


def test_all_of_a_paid_invoice_is_the_payers_again(system: System) -> None:
    number = invoice(system, paid=True)
    credit(number, 10_000)
    assert state(system, number) == ("refunded", 0, 12400)
    open_questions = "select count(*) from review_item r join invoice i on i.id = r.invoice_id where i.number = :n"
    assert system.scalar(open_questions + " and r.kind = 'payment.surplus' and r.resolved_at is null", n=number) == 1
    other = invoice(system)
    surplus_id = system.scalar(
        "select s.id from surplus s join invoice i on i.id = s.invoice_id where i.number = :n", n=number
    )
    assert payer_credits.apply(surplus_id, other, actor=MARY).invoice_paid
    holds()


def test_a_second_note_asks_anew_about_its_own_money(system: System) -> None:
    number = invoice(system, paid=True)
    credit(number, 5000)
    question = "select r.* from review_item r join invoice i on i.id = r.invoice_id where i.number = :n"
    surplus = "select s.id from surplus s join invoice i on i.id = s.invoice_id where i.number = :n"
    other = invoice(system)
    payer_credits.apply(system.scalar(surplus, n=number), other, actor=MARY, amount_minor=6200)
    assert system.rows(question, n=number)[0].resolved_at is not None
    note = credit(number, 1000, 6200)
    asked = system.rows(question, n=number)[0]
    assert asked.resolved_at is None
    assert asked.sentence.startswith(f"Credit note {note.number} took back 12.40 EUR")
    assert asked.evidence == {"credit_note": note.number, "surplus": "12.40", "currency": "EUR"}
    opened = "select count(*) from event e join invoice i on i.id = e.invoice_id where i.number = :n and e.kind = :k"
    assert system.scalar(opened, n=number, k="review.item.opened") == 2
    assert state(system, number) == ("paid", 4960, 7440)
    holds()


def test_credit_of_a_payer_never_becomes_less_than_what_came(system: System) -> None:
    credit(invoice(system, paid=True), 5000)
    with pytest.raises(DBAPIError, match="what came is fixed"):
        system.sql("update surplus set amount_minor = amount_minor - 1")


def test_what_was_refunded_before_is_only_written_down(system: System) -> None:
    number = invoice(system, paid=True)
    payment = system.scalar(
        "select p.id from payment p join invoice i on i.id = p.invoice_id where i.number = :n", n=number
    )
    asked = refunds.request(RefundOrder(payment, 12400, "sent back", f"r-{number}"), actor=MARY)
    if asked.status == "pending_approval":
        refunds.approve(asked.id, actor=JAAK)
    system.drain()
    system.hurry()
    system.drain()
    assert state(system, number) == ("refunded", 12400, 0)
    note = credit(number, 10_000)
    assert (note.room.returned_minor, note.room.held_minor) == (12400, 0)
    assert state(system, number) == ("refunded", 12400, 0)
    assert not system.scalar(
        "select count(*) from surplus s join invoice i on i.id = s.invoice_id where i.number = :n", n=number
    )
    holds()


def test_money_a_refund_holds_cannot_be_credited_once_more(system: System) -> None:
    number = invoice(system, paid=True)
    payment = system.scalar(
        "select p.id from payment p join invoice i on i.id = p.invoice_id where i.number = :n", n=number
    )
    refunds.request(RefundOrder(payment, 10_000, "on its way", f"held-{number}"), actor=MARY)
    with pytest.raises(CreditTooLarge) as refused:
        credit(number, 10_000)
    assert refused.value.data["left_minor"] == 2400
    system.drain()
    system.hurry()
    system.drain()
    holds()


def test_an_invoice_of_a_service_is_credited_as_one_line(system: System) -> None:
    number, _reference = system.settle("registry")
    note = credit(number, 2000, 12000)
    assert (note.total.minor, note.room.held_minor) == (2000, 2000)
    assert state(system, number) == ("paid", 10_000, 2000)
    link = system.call(
        "registry", "/invoice/update_invoice_data", {"invoice_number": number, "transaction_amount": "1"}, method="PUT"
    )
    assert link.status_code != 200
    holds()


def test_the_same_form_makes_one_note_and_an_old_one_none(system: System) -> None:
    number = invoice(system)
    assert credit(number, 1000, key=f"twice-{number}").number == credit(number, 1000, key=f"twice-{number}").number
    with pytest.raises(ChangedMeanwhile):
        credit(number, 1000)
    other = invoice(system)
    with pytest.raises(CreditRefused):
        credit(other, 1000, key=f"twice-{number}")
    assert state(system, number)[2] == 1240


def test_many_at_once_never_take_more_than_there_is(system: System) -> None:
    number = invoice(system, paid=True)

    def press(_turn: int) -> int:
        with system.app.app_context():
            try:
                return credit(number, 6000).total.minor
            except ChangedMeanwhile:
                return 0

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(press, range(4))) == 7440
    holds()


@pytest.mark.parametrize("net_minor", [0, -1, 10_001, 10**15])
def test_more_than_a_line_or_nothing_is_refused(system: System, net_minor: int) -> None:
    number = invoice(system)
    with pytest.raises(Invalid):
        credit(number, net_minor)
    assert state(system, number) == ("unpaid", 0, 0)


def test_an_invoice_that_is_being_paid_is_not_taken_back_whole(system: System) -> None:
    number = invoice(system)
    reference = system.one_off(number, "auction")
    system.pay(reference, "sent_for_processing")
    system.callback(reference)
    system.drain()
    with pytest.raises(CreditRefused):
        credit(number, 10_000)
    credit(number, 1000)
    holds()


@pytest.mark.parametrize(
    "change",
    [
        "update credit_note set total_minor = 1",
        "delete from credit_note",
        "update credit_note_line set net_minor = 1",
        "update invoice set credited_minor = 0 where credited_minor > 0",
        "update invoice set credited_minor = total_minor where captured_minor > 0",
    ],
)
def test_the_database_keeps_credit_notes(system: System, change: str) -> None:
    credit(invoice(system, paid=True), 1000)
    with pytest.raises(DBAPIError):
        system.sql(change)


def test_a_credit_note_without_its_effect_is_refused_by_the_database(system: System) -> None:
    number = invoice(system)
    invoice_id = system.scalar("select id from invoice where number = :n", n=number)
    with pytest.raises(DBAPIError):
        system.sql(
            "insert into credit_note (number, invoice_id, net_minor, tax_minor, total_minor, open_minor, held_minor, "
            "returned_minor, reason, issued_by, idempotency_key) values (1, :id, 5, 0, 5, 5, 0, 0, '', '', 'x')",
            id=invoice_id,
        )
