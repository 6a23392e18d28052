"""Invoices paid in parts: only where that is allowed, never told as whole; what is above the total is a credit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app.domain import exact_json
from app.domain.errors import NotFound
from app.models.outbox import OutboxRow
from app.services import disputes, notices, partial_payments
from app.services.timeline import Actor
from app.uow import session
from tests.api.client import Api, fields_of, only
from tests.services.parts import ask_part, by_link, come, invoice_id, money, told
from tests.services.refunding import (
    MARY,
    ask,
    assert_sound,
    order,
    payment_id,
    questions,
    watch,
)
from tests.system import System, build

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


@pytest.fixture
def strict(fresh_database: str, redis_url: str) -> Iterator[System]:
    """Return an installation that takes no part payments."""
    made = build(fresh_database, redis_url, PARTIAL_PAYMENTS="0")
    yield made
    made.close()


def kinds(system: System, number: int) -> list[str]:
    rows = system.rows("select kind from event where invoice_id = :i order by id", i=invoice_id(system, number))
    return [row.kind for row in rows]


def test_an_installation_takes_no_parts_unless_it_says_so(strict: System) -> None:
    number = strict.invoice()
    refused = ask_part(strict, number, "40.00")
    assert only(refused) == {"amount": ["must be 120.00 EUR, all that is due: no part payments here"]}
    problem = Api(strict).v2(
        "/payments", {"invoice": number, "return_url": "http://registrar.test/x", "amount": "40.00"}
    )
    assert fields_of(problem) == {"amount"}
    assert strict.scalar("select count(*) from payment") == 0
    assert ask_part(strict, number, 120.0).status_code == 201, "what the services send is all of it"


def test_the_service_s_own_word_comes_before_the_tenant_s_and_that_before_the_installation_s(strict: System) -> None:
    number = strict.invoice()

    def allowed() -> bool:
        return bool(ask_part(strict, number, "40.00").status_code == 201)

    def say(*, word: bool | None) -> None:
        with strict.app.app_context():
            partial_payments.allow("registry", allowed=word, actor=Actor("operator", "7"), reason="they asked")

    assert not allowed()
    strict.sql("update setting set value = 'true' where code = 'partial_payments'")
    assert allowed()
    say(word=False)
    assert not allowed()
    strict.sql("update setting set value = 'false' where code = 'partial_payments'")
    say(word=True)
    say(word=True)
    assert allowed()
    say(word=None)
    assert not allowed()
    changes = strict.rows("select actor, reason, data from event where kind = 'initiator.partial_payments.changed'")
    assert len(changes) == 3
    assert changes[0].data == {"initiator": "registry", "before": None, "after": False}
    with strict.app.app_context(), pytest.raises(NotFound):
        partial_payments.allow("nobody", allowed=True)


@pytest.mark.parametrize("kind", ["bulk", "deposit"])
def test_a_bulk_payment_and_a_deposit_are_paid_at_once(system: System, kind: str) -> None:
    if kind == "bulk":
        system.bulk([system.invoice("auction"), system.invoice("auction")])
    else:
        system.deposit("whole.ee")
    number = system.scalar("select number from invoice order by id desc limit 1")
    assert set(only(ask_part(system, number, "40.00", "auction"))) == {"amount"}


@pytest.mark.parametrize("code", ["registry", "auction", "eeid"])
def test_a_part_is_told_to_nobody_and_the_last_part_tells_of_the_whole(system: System, code: str) -> None:
    number = system.invoice(code)
    come(system, system.one_off(number, code, "40.00"))
    assert money(system, number) == ("partially_paid", 4000, 0)
    assert told(system, number) == []
    assert system.service(code).invoice(str(number))["status"] != "paid"  # type: ignore[index]
    come(system, system.one_off(number, code, "30.00"))
    come(system, system.one_off(number, code))
    assert money(system, number) == ("paid", 12000, 0)
    news = told(system, number)
    assert [(str(each["order_reference"]), each["payment_state"]) for each in news] == [(str(number), "settled")]
    assert Decimal(news[0]["initial_amount"]) == Decimal(news[0]["standing_amount"]) == 120
    assert system.service(code).invoice(str(number))["status"] == "paid"  # type: ignore[index]
    happened = kinds(system, number)
    assert happened.count("invoice.partially_paid") == 2
    assert happened.count("invoice.settled") == 1
    assert_sound(system)


def test_news_of_the_whole_would_be_written_the_same_again(system: System) -> None:
    number = system.invoice()
    for amount in ("40.00", "80.00"):
        come(system, system.one_off(number, amount=amount))
    with system.app.app_context():
        owed = session().scalars(
            select(OutboxRow).where(
                OutboxRow.kind == notices.PAYMENT_STATUS, OutboxRow.invoice_id == invoice_id(system, number)
            )
        )
        row = owed.one()
        now = notices.said_now(row)
        assert exact_json.loads(exact_json.dumps(now)) == row.payload["body"]


def test_outside_a_partly_paid_invoice_is_unpaid(system: System) -> None:
    number = system.invoice("registry", reserved_domain_names=["part.ee"], custom_field1="u-part-1")
    come(system, system.one_off(number, amount="40.00"))
    query = f"?invoice_number={number}&user_unique_id=u-part-1"
    said = system.call("registry", f"/invoice/reserved_domains_invoice_statuses{query}", method="GET")
    assert said.json["invoice_status"] == "unpaid"
    shown = Api(system).v2(f"/invoices/{number}").json
    assert shown is not None
    assert (shown["status"], shown["paid"], shown["due"]) == ("partially_paid", "40.00", "80.00")
    why = Api(system).v2(f"/invoices/{number}/why-not-paid").json
    assert why is not None
    assert why["sentence"] == "Only 40.00 EUR of 120.00 EUR came: ask the payer for the other 80.00 EUR."


def test_never_more_than_is_open_can_be_asked_for(system: System) -> None:
    number = system.invoice()
    come(system, system.one_off(number, amount="40.00"))
    assert only(ask_part(system, number, "80.01")) == {"amount": ["must be above 0 and at most 80.00 EUR"]}
    assert ask_part(system, number, "80.00").status_code == 201


def test_a_part_leaves_the_other_pages_open_and_the_last_one_closes_them(system: System) -> None:
    number = system.invoice()
    pages = [system.one_off(number, amount=each) for each in ("10.00", "50.00", "70.00")]
    state = "select status from payment where external_id = :r"
    come(system, pages[1])
    assert [system.scalar(state, r=each) for each in pages] == ["pending", "completed", "pending"]
    come(system, pages[2])
    assert [system.scalar(state, r=each) for each in pages] == ["cancelled", "completed", "completed"]
    assert money(system, number)[:2] == ("paid", 12000)
    assert questions(system, pages[2]) == []
    assert_sound(system)


def test_a_link_that_was_opened_first_is_not_taken_for_the_part_that_was_refused_its_name(system: System) -> None:
    number = system.invoice()
    link = by_link(system, number)
    come(system, system.one_off(number, amount="40.00"))
    come(system, link)
    assert money(system, number)[:2] == ("paid", 12000)
    assert questions(system, link) == [("payment.surplus", None)]
    assert_sound(system)


def test_parts_that_come_together_never_make_more_than_the_total(system: System) -> None:
    number = system.invoice()
    pages = [system.one_off(number, amount=f"{each}.00") for each in (50, 51, 52, 53)]
    for page in pages:
        system.pay(page)

    def hear(page: str) -> int:
        return int(system.callback(page).status_code)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(hear, pages)) == {200}
    system.drain()
    assert money(system, number)[:2] == ("paid", 12000)
    over = "select sum(amount_minor) from surplus s join invoice i on i.id = s.invoice_id where i.number = :n"
    assert system.scalar(over, n=number) == 20600 - 12000
    assert len(told(system, number)) == 1
    assert_sound(system)


def test_a_bulk_payment_takes_what_a_part_left_open(system: System) -> None:
    first, second = system.invoice("auction"), system.invoice("auction")
    come(system, system.one_off(first, "auction", "40.00"))
    come(system, system.bulk([first, second]))
    assert (money(system, first)[:2], money(system, second)[:2]) == (("paid", 12000), ("paid", 12000))
    assert_sound(system)


def test_a_part_that_comes_while_a_bulk_payment_is_open_makes_a_credit_of_it(system: System) -> None:
    first, second = system.invoice("auction"), system.invoice("auction")
    page = system.one_off(first, "auction", "40.00")
    bulk = system.bulk([first, second])
    come(system, page)
    assert money(system, first)[:2] == ("partially_paid", 4000)
    come(system, bulk)
    assert (money(system, first)[:2], money(system, second)[:2]) == (("paid", 12000), ("paid", 12000))
    assert questions(system, bulk) == [("payment.surplus", None)]
    assert_sound(system)


def test_everything_goes_back_from_all_the_payments_it_came_with(system: System) -> None:
    number = system.invoice("auction")
    parts = [system.one_off(number, "auction", "40.00"), system.one_off(number, "auction", "80.00")]
    for each in parts:
        come(system, each)
    answer = system.call("auction", "/refund/auction", {"params": {"invoice_number": number}})
    assert (answer.status_code, answer.json) == (200, {"message": "Invoice was refunded"})
    system.drain()
    assert money(system, number) == ("refunded", 12000, 12000)
    assert_sound(system)


def test_what_went_back_before_is_not_asked_for_again(system: System) -> None:
    number = system.invoice()
    first = system.one_off(number, amount="40.00")
    page = system.one_off(number, amount="80.00")
    come(system, first)
    ask(system, order(system, first))
    system.drain()
    watch(system)
    assert money(system, number) == ("pending", 4000, 4000), "another page is open"
    come(system, page)
    assert money(system, number) == ("partially_refunded", 12000, 4000)
    assert len(told(system, number)) == 1
    assert_sound(system)


def test_an_invoice_whose_parts_all_went_back_can_be_cancelled(system: System) -> None:
    number = system.invoice()
    first = system.one_off(number, amount="40.00")
    come(system, first)
    report = {"invoice_number": number, "status": "cancelled"}
    assert system.call("registry", "/invoice_generator/invoice_status", report).status_code == 409
    ask(system, order(system, first))
    system.drain()
    watch(system)
    assert system.call("registry", "/invoice_generator/invoice_status", report).status_code == 200
    assert money(system, number) == ("cancelled", 4000, 4000)
    assert_sound(system)


def test_a_part_that_was_lost_and_won_back_leaves_the_rest_to_pay(system: System) -> None:
    number = system.invoice()
    part = system.one_off(number, amount="40.00")
    come(system, part)
    with system.app.app_context():
        dispute = disputes.open_dispute(payment_id(system, part), 4000, reason="fraud", actor=MARY)
        disputes.lose(dispute, actor=MARY)
        assert system.status(number) == "chargeback"
        disputes.win(dispute, actor=MARY)
    assert money(system, number) == ("partially_paid", 4000, 0)
    come(system, system.one_off(number))
    assert system.status(number) == "paid"
    assert_sound(system)


def test_the_service_reports_the_rest_as_paid(system: System) -> None:
    number = system.invoice()
    come(system, system.one_off(number, amount="40.00"))
    body = {"invoice_number": number, "status": "paid"}
    assert system.call("registry", "/invoice_generator/invoice_status", body).status_code == 200
    assert money(system, number)[:2] == ("paid", 12000)
    assert told(system, number) == [], "it knows"
    assert_sound(system)
