"""An amount that changes while its payer has an older link or page: what was asked rightly is booked (eis.md 5.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from app.domain.errors import Conflict
from app.services import review_work
from app.services.review_work import QuestionMoved
from app.uow import session
from tests.services.refunding import MARY, assert_sound
from tests.services.test_competing_attempts import by_link, hear

if TYPE_CHECKING:
    from tests.system import System

MONEY = "select total_minor, captured_minor, status from invoice where number = :n"
CREDIT = "select sum(amount_minor) from surplus s join invoice i on i.id = s.invoice_id where i.number = :n"
REFERENCE = "select p.external_id from payment p join invoice i on i.id = p.invoice_id where i.number = :n"
ITEM = "select r.id from review_item r join invoice i on i.id = r.invoice_id where i.number = :n"
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


def paid_by_an_older_link(system: System, now_asked: str) -> int:
    number = system.invoice()
    older = str(system.scalar("select payment_link from invoice where number = :n", n=number))
    assert change(system, number, now_asked).status_code == 200
    hear(system, opened(system, number, older))
    assert (money(system, number)[1], system.scalar(ASKED, n=number)) == (0, "payment.differs")
    return number


def let_count(system: System, number: int) -> None:
    with system.app.app_context():
        item = session().scalar(text(ITEM), {"n": number})
        review_work.count(int(item), actor=MARY, reason="the payer paid what we asked")
    system.drain()


def test_money_of_an_older_link_over_more_counts_when_a_person_says_so_and_leaves_a_credit(system: System) -> None:
    number = paid_by_an_older_link(system, "100.00")
    let_count(system, number)
    assert money(system, number) == (10000, 10000, "paid")
    assert system.scalar(CREDIT, n=number) == 2000
    assert_sound(system)


def test_money_of_an_older_link_over_less_pays_a_part_when_a_person_says_so(system: System) -> None:
    number = paid_by_an_older_link(system, "150.00")
    let_count(system, number)
    assert money(system, number) == (15000, 12000, "partially_paid")
    assert_sound(system)


def test_another_decision_books_nothing_however_often_the_gateway_calls(system: System) -> None:
    number = paid_by_an_older_link(system, "100.00")
    with system.app.app_context():
        item = int(session().scalar(text(ITEM), {"n": number}))
        review_work.resolve(item, "taken care of elsewhere", actor=MARY, reason="given back by hand")
    reference = str(system.scalar(REFERENCE, n=number))
    hear(system, reference)
    assert money(system, number)[1] == 0
    with system.app.app_context(), pytest.raises(QuestionMoved):
        review_work.count(item, actor=MARY, reason="too late")


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
    with system.app.app_context(), pytest.raises(Conflict):
        review_work.count(int(session().scalar(text(ITEM), {"n": number})), actor=MARY, reason="no such thing")


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
