"""What payers paid too much: kept as credit, offered, given back, or used for another invoice (security.md T09, F4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from app.domain.errors import Conflict, NotFound
from app.domain.money import Money
from app.domain.refund import RefundTooLarge
from app.extensions import db
from app.services import credit_notes, disputes, payer_credits
from app.services.credit_notes import CreditOrder
from app.services.payer_credits import CreditRefused
from tests.services.disputing import hear
from tests.services.refunding import MARY, assert_sound, payment_id, questions, went_back

if TYPE_CHECKING:
    from tests.system import System


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


def paid_twice(system: System, code: str = "registry", amount: str = "100.00", **more: Any) -> tuple[int, int, str]:
    """Pay an invoice by its page and by its link; returns the surplus, the number and the second reference."""
    number = system.invoice(code, amount, **more)
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    first, second = system.one_off(number, code), page.headers["Location"].rpartition("/")[2]
    for reference in (first, second):
        system.pay(reference)
        system.callback(reference)
        system.drain()
    found = "select s.id from surplus s join payment p on p.id = s.payment_id where p.external_id = :r"
    return int(system.scalar(found, r=second)), number, second


def use(system: System, surplus: int, number: int, minor: int | None = None) -> payer_credits.Applied:
    with system.app.app_context():
        return payer_credits.apply(surplus, number, actor=MARY, amount_minor=minor)


def left(system: System, surplus: int) -> int:
    question = "select amount_minor - refunded_minor - applied_minor - lost_minor from surplus where id = :s"
    return int(system.scalar(question, s=surplus))


def test_a_second_payment_is_recorded_as_credit_with_its_question(system: System) -> None:
    surplus, number, reference = paid_twice(system)
    assert (system.status(number), left(system, surplus)) == ("paid", 10000)
    assert questions(system, reference) == [("payment.surplus", None)]
    assert_sound(system)


def test_it_is_offered_for_the_payers_other_invoices_and_for_nobody_elses(system: System) -> None:
    surplus, _number, _reference = paid_twice(system, customer_email="Mari@x.ee")
    mine = system.invoice(amount="30.00", customer_email="mari@x.ee")
    system.invoice(amount="30.00", customer_email="jaan@x.ee")
    system.invoice("auction", "30.00", customer_email="mari@x.ee")
    system.settle(amount="30.00")
    with system.app.app_context():
        offered = payer_credits.offer(surplus)
        with pytest.raises(NotFound):
            payer_credits.offer(999_999)
    assert (offered.free, offered.refundable) == (Money(10000, "EUR"), True)
    assert [(each.number, each.due.minor) for each in offered.targets] == [(mine, 3000)]


def test_it_pays_another_invoice_and_the_service_hears_of_it_with_that_invoices_amount(system: System) -> None:
    surplus, _number, reference = paid_twice(system)
    other = system.invoice(amount="30.00")
    assert use(system, surplus, other) == payer_credits.Applied(Money(3000, "EUR"), invoice_paid=True)
    system.drain()
    assert (system.status(other), left(system, surplus)) == ("paid", 7000)
    there = system.service("registry").invoice(str(other))
    assert there is not None
    assert there["status"] == "paid"
    assert questions(system, reference) == [("payment.surplus", None)]
    assert_sound(system)


def test_used_up_it_answers_its_question(system: System) -> None:
    surplus, _number, reference = paid_twice(system)
    other = system.invoice(amount="250.00")
    assert use(system, surplus, other).invoice_paid is False
    assert (system.status(other), left(system, surplus)) == ("partially_paid", 0)
    assert questions(system, reference) == [("payment.surplus", f"used for invoice {other}")]
    last = system.one_off(other)
    assert (system.shop.payment(last) or {})["initial_amount"] == "150.00"
    system.pay(last)
    system.callback(last)
    system.drain()
    assert system.status(other) == "paid"
    assert_sound(system)


def test_it_goes_back_to_the_payer(system: System) -> None:
    surplus, number, reference = paid_twice(system)
    with system.app.app_context():
        payer_credits.refund(surplus, actor=MARY, key="back", amount_minor=4000)
        payer_credits.refund(surplus, actor=MARY, key="rest")
        with pytest.raises(NotFound):
            payer_credits.refund(999_999, actor=MARY, key="x")
    system.drain()
    system.hurry()
    system.drain()
    assert sorted(went_back(system, reference)) == [Decimal("40.00"), Decimal("60.00")]
    assert (system.status(number), left(system, surplus)) == ("paid", 0)
    assert questions(system, reference) == [("payment.surplus", "given back")]
    assert_sound(system)


def test_what_is_promised_to_the_payer_cannot_be_used_and_the_other_way_round(system: System) -> None:
    surplus, _number, _reference = paid_twice(system)
    other = system.invoice(amount="100.00")
    with system.app.app_context():
        payer_credits.refund(surplus, actor=MARY, key="back", amount_minor=4000)
    with pytest.raises(CreditRefused):
        use(system, surplus, other, 6001)
    assert use(system, surplus, other).amount.minor == 6000
    with system.app.app_context(), pytest.raises((RefundTooLarge, Conflict)):
        payer_credits.refund(surplus, actor=MARY, key="more", amount_minor=1)
    system.drain()
    assert left(system, surplus) == 0
    assert_sound(system)


def test_what_takes_no_money_takes_no_credit(system: System) -> None:
    surplus, number, _reference = paid_twice(system)
    cancelled = system.invoice()
    system.call("registry", "/invoice_generator/invoice_status", {"invoice_number": cancelled, "status": "cancelled"})
    for refused in (number, cancelled):
        with pytest.raises(CreditRefused):
            use(system, surplus, refused)
    foreign = system.invoice("auction")
    for missing in (foreign, 1):
        with pytest.raises(NotFound):
            use(system, surplus, missing)
    other = system.invoice(amount="30.00")
    for minor in (0, -1, 3001):
        with pytest.raises(CreditRefused):
            use(system, surplus, other, minor)
    use(system, surplus, other, 1000)
    with pytest.raises(CreditRefused):
        use(system, surplus, other, 1000)
    with pytest.raises(NotFound):
        use(system, 999_999, other)
    assert_sound(system)


@pytest.mark.parametrize("state", ["refunded", "chargebacked"])
def test_money_that_goes_there_goes_from_the_credit_first(system: System, state: str) -> None:
    surplus, number, reference = paid_twice(system)
    other = system.invoice(amount="30.00")
    use(system, surplus, other)
    system.pay(reference, state, standing=Decimal("30.00"))
    system.callback(reference)
    system.drain()
    assert (left(system, surplus), system.status(other), system.status(number)) == (0, "paid", "paid")
    system.pay(reference, state, standing=Decimal("0.00"))
    system.callback(reference)
    system.drain()
    assert system.status(other) == ("refunded" if state == "refunded" else "chargeback")
    assert system.status(number) == "paid"
    assert_sound(system)


def test_what_a_credit_note_takes_back_joins_what_was_over_before(system: System) -> None:
    surplus, _number, _reference = paid_twice(system)
    other = system.invoice(amount="80.00")
    use(system, surplus, other)
    assert left(system, surplus) == 2000
    with system.app.app_context():
        order = CreditOrder({1: 3000}, "agreed with the payer", "joins", 8000)
        credit_notes.issue(other, order, actor=MARY)
    assert (system.status(other), left(system, surplus)) == ("paid", 5000)
    assert_sound(system)


@pytest.mark.slow
def test_ten_invoices_at_once_share_it_and_never_get_more(system: System) -> None:
    surplus, _number, _reference = paid_twice(system)
    numbers = [system.invoice(amount="30.00") for _ in range(10)]
    start = Barrier(10)

    def take(number: int) -> int:
        with system.app.app_context():
            start.wait()
            try:
                return payer_credits.apply(surplus, number, actor=MARY).amount.minor
            except CreditRefused:
                return 0
            finally:
                db.session.remove()

    with ThreadPoolExecutor(10) as pool:
        taken = list(pool.map(take, numbers))
    assert sum(taken) == 10000
    assert left(system, surplus) == 0
    assert_sound(system)


def kept_question(system: System, reference: str) -> Any:
    asked = "select * from review_item where payment_id = :p and kind = 'payment.surplus'"
    return system.rows(asked, p=payment_id(system, reference))[0]


def test_credit_that_was_charged_back_is_no_question_and_one_again_when_the_dispute_is_won(system: System) -> None:
    surplus, _number, reference = paid_twice(system)
    hear(system, reference, "chargebacked")
    assert left(system, surplus) == 0
    assert kept_question(system, reference).resolution == "charged_back"
    win_all(system, reference)
    item = kept_question(system, reference)
    assert left(system, surplus) == 10000
    assert (item.resolved_at, item.resolution, item.evidence["surplus"]) == (None, None, "100.00")
    assert item.sentence == (
        "100.00 EUR is here again after a dispute was won: refund it or use it for another invoice"
    )
    assert ("payment.charged_back", "won") in questions(system, reference)
    use(system, surplus, system.invoice(amount="100.00"))
    assert kept_question(system, reference).resolution is not None
    assert_sound(system)


def test_what_is_left_of_credit_stays_the_same_question_while_a_part_is_disputed_and_won(system: System) -> None:
    surplus, _number, reference = paid_twice(system)
    before = kept_question(system, reference)
    hear(system, reference, "chargebacked", "60.00")
    assert (left(system, surplus), kept_question(system, reference)) == (6000, before)
    use(system, surplus, system.invoice(amount="60.00"))
    assert kept_question(system, reference).resolution is not None
    win_all(system, reference)
    assert (left(system, surplus), kept_question(system, reference).evidence["surplus"]) == (4000, "40.00")
    assert kept_question(system, reference).resolved_at is None
    assert_sound(system)


def win_all(system: System, reference: str) -> None:
    lost = "select d.id from dispute d join payment p on p.id = d.payment_id where p.external_id = :r"
    for row in system.rows(lost, r=reference):
        with system.app.app_context():
            disputes.win(row.id, actor=MARY)
