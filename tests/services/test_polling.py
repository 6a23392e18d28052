"""An open payment is asked about until it is final, whatever made us look or was answered (reliability.md 3.11)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.integrations.breaker import Breaker
from app.integrations.fault_dial import Fault
from app.services import janitor
from tests.services.refunding import assert_sound, payment_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System

NEXT = "select checks, extract(epoch from next_check_at - now()) as seconds from payment where external_id = :r"
MONEY = "select captured_minor, refunded_minor, lost_minor from payment where external_id = :r"
STATUS = "select status from payment where external_id = :r"


@pytest.fixture
def system(shared_system: System) -> Iterator[System]:
    shared_system.shop.dial.turn([])
    yield shared_system
    shared_system.shop.dial.turn([])
    shared_system.app.extensions["integrations"].everypay._caller.breaker = Breaker()


def hear(system: System, reference: str, times: int = 1) -> None:
    for _ in range(times):
        system.callback(reference)
        system.drain()


def poll(system: System, reference: str) -> None:
    """Let the moment of the next check come, and look."""
    system.sql("update payment set next_check_at = now() where external_id = :r and next_check_at > now()", r=reference)
    with system.app.app_context():
        janitor.poll_open_payments()
    system.drain()


def planned(system: System, reference: str) -> tuple[int, int | None]:
    """Return how often the clock has asked, and in how many seconds it asks next, to the nearest half minute."""
    row = system.rows(NEXT, r=reference)[0]
    return row.checks, None if row.seconds is None else 30 * round(float(row.seconds) / 30)


def test_messages_do_not_climb_the_ladder(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    hear(system, reference, times=12)
    assert planned(system, reference) == (0, 60)
    system.pay(reference)
    poll(system, reference)
    assert system.status(number) == "paid"
    assert planned(system, reference) == (1, None)


def test_the_clock_asks_ever_less_often_and_daily_in_the_end(system: System) -> None:
    reference = system.one_off(system.invoice())
    found = [planned(system, reference)]
    for _ in range(10):
        poll(system, reference)
        found.append(planned(system, reference))
    steps = [60, 180, 300, 600, 900, 3600, 21600, 86400, 86400, 86400, 86400]
    assert found == [(each, step - step % 30) for each, step in enumerate(steps)]
    system.sql("update payment set created_at = now() - interval '15 days' where external_id = :r", r=reference)
    poll(system, reference)
    assert planned(system, reference) == (11, None)


def test_what_moved_is_asked_about_soon_again(system: System) -> None:
    reference = system.one_off(system.invoice())
    for _ in range(6):
        poll(system, reference)
    assert planned(system, reference) == (6, 21600)
    system.pay(reference, "sent_for_processing")
    hear(system, reference)
    assert planned(system, reference) == (0, 60)


def test_a_state_nobody_knows_is_asked_about_and_waited_out(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference, "shiny")
    hear(system, reference)
    assert planned(system, reference) == (0, 60)
    system.pay(reference)
    poll(system, reference)
    assert system.status(number) == "paid"
    assert system.scalar("select count(*) from review_item where payment_id = :p", p=payment_id(system, reference)) == 1


def test_one_answer_that_the_gateway_knows_nothing_ends_nothing(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.shop.dial.turn([Fault("fetch", "http", times=1, status=404)])
    hear(system, reference)
    assert planned(system, reference) == (0, 60)
    assert "payment.unknown_there" not in asked(system, reference)
    system.pay(reference)
    poll(system, reference)
    assert system.status(number) == "paid"


def test_a_gateway_that_goes_on_to_know_nothing_is_a_question_and_still_asked(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.shop.dial.turn([Fault("fetch", "http", times=0, status=404)])
    for _ in range(2):
        poll(system, reference)
    assert asked(system, reference) == []
    poll(system, reference)
    assert asked(system, reference) == ["payment.unknown_there"]
    system.shop.dial.turn([])
    system.pay(reference)
    poll(system, reference)
    assert system.status(number) == "paid"


def asked(system: System, reference: str) -> list[str]:
    found = system.rows("select kind from review_item where payment_id = :p", p=payment_id(system, reference))
    return [each.kind for each in found]


@pytest.mark.parametrize(
    ("state", "standing", "ends"),
    [
        ("refunded", "100.00", "partially_refunded"),
        ("refunded", "0.00", "refunded"),
        ("settled", "100.00", "partially_refunded"),
        ("chargebacked", "0.00", "charged_back"),
    ],
)
def test_money_that_came_and_went_between_two_looks_is_booked_as_both(
    system: System, state: str, standing: str, ends: str
) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    system.pay(reference, state, standing=Decimal(standing))
    hear(system, reference, times=2)
    assert system.scalar(STATUS, r=reference) == ends
    row = system.rows(
        "select captured_minor, refunded_minor, lost_minor from payment where external_id = :r", r=reference
    )[0]
    assert row.captured_minor == 12000
    assert row.captured_minor - row.refunded_minor - row.lost_minor == int(Decimal(standing) * 100)
    if state != "chargebacked":
        assert system.status(number) == ends
    assert_sound(system)


@pytest.mark.parametrize(
    ("state", "standing", "heard"),
    [
        ("refunded", "100.00", [("settled", "120.00")]),
        ("refunded", "0.00", []),
        ("chargebacked", "0.00", []),
        ("chargebacked", "120.00", [("settled", "120.00")]),
        ("settled", "100.00", [("settled", "120.00")]),
    ],
)
def test_registry_never_hears_of_money_in_another_state_than_settled(
    system: System, state: str, standing: str, heard: list[tuple[str, str]]
) -> None:
    """It would credit the registrar all the same, whatever the state says (eis.md 10.2.1)."""
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    system.pay(reference, state, standing=Decimal(standing))
    hear(system, reference, times=2)
    said = system.rows(
        "select payload->'body'->>'payment_state' as state, payload->'body'->>'standing_amount' as amount "
        "from outbox where kind = 'initiator.payment.notify' and payment_id = :p",
        p=payment_id(system, reference),
    )
    assert [tuple(each) for each in said] == heard
    assert_sound(system)


def test_members_that_stay_paid_are_told_of_though_another_went_back_before_the_first_look(system: System) -> None:
    members = [system.invoice("auction", amount="120.00"), system.invoice("auction", amount="80.00")]
    reference = system.bulk(members)
    system.pay(reference)
    system.pay(reference, "refunded", standing=Decimal("120.00"))
    hear(system, reference)
    assert [system.status(number) for number in members] == ["paid", "refunded"]
    told = """select payload->'body'->>'payment_state' as state, payload->'body'->'invoice_number_collection' as members
                from outbox where kind = 'initiator.payment.notify' and payment_id = :p"""
    (body,) = system.rows(told, p=payment_id(system, reference))
    assert body.state == "settled"
    assert {each["number"] for each in body.members} == set(members)
    assert_sound(system)


def test_auction_lets_nobody_take_part_with_a_deposit_that_went_back(system: System) -> None:
    said = {
        "description": "auction_deposit gone.ee, user_uuid 5e03f248-6b1c, user_email a@b.ee",
        "transaction_amount": "500.0",
        "customer_url": "http://auction.test/back",
        "custom_field2": "auction",
    }
    answer = system.call("auction", "/invoice_generator/deposit_prepayment", said)
    reference = str(answer.json["oneoff_redirect_link"]).rpartition("/")[2]
    system.pay(reference)
    system.pay(reference, "refunded", standing=Decimal("0.00"))
    hear(system, reference)
    assert system.scalar(STATUS, r=reference) == "refunded"
    told = "select count(*) from outbox where kind = 'initiator.payment.notify' and payment_id = :p"
    assert system.scalar(told, p=payment_id(system, reference)) == 0
    assert_sound(system)


def test_a_part_that_went_back_is_booked_though_the_gateway_goes_on_to_say_settled(system: System) -> None:
    number, reference = system.settle()
    system.pay(reference, "settled", standing=Decimal("100.00"))
    hear(system, reference, times=2)
    assert asked(system, reference) == ["payment.partially_refunded"]
    system.pay(reference, "settled", standing=Decimal("30.00"))
    hear(system, reference, times=2)
    assert system.scalar("select refunded_minor from payment where external_id = :r", r=reference) == 9000
    assert system.status(number) == "partially_refunded"
    assert_sound(system)


@pytest.mark.parametrize("standing", ["0.00", "120.01"])
@pytest.mark.parametrize("first", [True, False])
def test_settled_money_that_cannot_be_there_is_a_question(system: System, standing: str, *, first: bool) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    if not first:
        system.pay(reference)
        hear(system, reference)
    system.pay(reference, "settled", standing=Decimal(standing))
    hear(system, reference, times=2)
    assert asked(system, reference) == ["payment.completed"]
    captured = "select captured_minor - refunded_minor from payment where external_id = :r"
    assert system.scalar(captured, r=reference) == (0 if first else 12000)
    assert system.status(number) == ("pending" if first else "paid")
    assert_sound(system)


def test_money_of_another_amount_that_went_back_stays_a_question(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference, "refunded", standing=Decimal("10.00"))
    system.shop.dial.turn([Fault("fetch", "wrong_amount", times=0)])
    hear(system, reference)
    assert asked(system, reference) == ["payment.refunded"]
    assert system.scalar("select captured_minor from payment where external_id = :r", r=reference) == 0
    assert system.status(number) == "pending"


def test_every_change_of_a_lost_try_has_a_version_of_its_own(system: System) -> None:
    number = system.invoice()
    system.shop.dial.turn([Fault("create", "reset_after", times=1)])
    body = {"invoice_number": str(number), "customer_url": "http://registrar.test/back"}
    assert system.call("registry", "/invoice_generator/oneoff", body).status_code == 503
    of_invoice = "from payment p join invoice i on i.id = p.invoice_id where i.number = :n"
    lost = system.rows(f"select p.id, p.status, p.version {of_invoice}", n=number)[0]
    system.sql("update payment set expires_at = now() where id = :id", id=lost.id)
    with system.app.app_context():
        assert janitor.give_up_lost_attempts() == 1
        assert janitor.give_up_lost_attempts() == 0
    expired = system.rows(f"select p.status, p.version {of_invoice}", n=number)[0]
    assert (lost.status, lost.version) == ("processing", 2)
    assert (expired.status, expired.version) == ("expired", 3)
    assert system.status(number) == "unpaid"


def test_what_the_gateway_said_has_the_moment_it_was_said(system: System) -> None:
    _number, reference = system.settle()
    moments = "select created_at, updated_at, completed_at from payment where external_id = :r"
    settled = system.rows(moments, r=reference)[0]
    assert settled.created_at < settled.updated_at <= settled.completed_at
    hear(system, reference)
    assert system.rows(moments, r=reference)[0] == settled, "it said nothing new"
