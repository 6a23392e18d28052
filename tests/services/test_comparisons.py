"""A night's comparison finds what no callback told and mends it; the rest is for a person (reliability.md 3.11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from app import cli
from app.integrations import current
from app.integrations.fault_dial import Fault
from app.services import comparisons
from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from tests.system import System

TODAY = datetime.now(UTC).date()
OPEN = "select kind, at_stake_minor from difference where mended_at is null order by id"


def compare(system: System, *, tomorrow: int = 1) -> None:
    """Compare today, as if tomorrow had come."""
    with system.app.app_context():
        assert comparisons.owe("everypay", TODAY, TODAY + timedelta(days=tomorrow))
    system.drain()


def differences(system: System) -> list[tuple[str, int]]:
    return [tuple(row) for row in system.rows("select kind, at_stake_minor from difference order by id")]


def forget(system: System, reference: str) -> None:
    store = system.shop.store
    store._connection.execute("delete from document where kind = 'payment' and key = ?", (reference,))


@pytest.mark.parametrize("ahead_days", [0, 1, 400])
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_day_that_is_not_over_is_refused_in_a_sentence(
    system: System, monkeypatch: pytest.MonkeyPatch, ahead_days: int, more: list[str]
) -> None:
    monkeypatch.setattr(cli, "_application", lambda: system.app)
    said = CliRunner().invoke(cli.main, ["compare", f"{TODAY + timedelta(days=ahead_days)}", *more])
    assert (said.exit_code, "is not over in UTC" in said.output) == (2, True)
    over = CliRunner().invoke(cli.main, ["compare", f"{TODAY - timedelta(days=1)}", *more])
    assert over.exit_code == 0, over.output


@pytest.mark.slow
def test_books_that_agree_are_compared_and_nothing_is_said(system: System) -> None:
    for _ in range(comparisons.A_FEW + 2):
        system.settle("eeid", "1.00")
    compare(system)
    assert tuple(system.rows("select examined, differences, finished_at is not null from comparison")[0]) == (
        12,
        0,
        True,
    )
    assert differences(system) == []


@pytest.mark.slow
@pytest.mark.parametrize("how_many", [comparisons.A_FEW, 2 * comparisons.A_FEW])
def test_a_full_part_is_not_the_last(system: System, how_many: int) -> None:
    for _ in range(how_many):
        system.settle("eeid", "1.00")
    compare(system)
    assert tuple(system.rows("select examined, finished_at is not null from comparison")[0]) == (how_many, True)


def test_a_payment_whose_callback_was_lost_is_settled(system: System) -> None:
    number = system.invoice("auction")
    reference = system.one_off(number, "auction")
    system.sql("update payment set next_check_at = null")
    system.pay(reference)
    compare(system)
    assert differences(system) == [("missed_callback", 12_000)]
    assert system.status(number) == "paid"
    told = system.scalar("select reason from event where kind = 'payment.difference'")
    assert told == f"everypay has news of {reference} that never came: it is looked into now"
    assert system.scalar("select count(*) from review_item") == 0
    compare(system, tomorrow=2)
    assert system.rows(OPEN) == [], "the next comparison closes what is mended"
    assert_sound(system)


def test_a_refund_made_at_the_gateway_is_booked(system: System) -> None:
    number, reference = system.settle("auction")
    system.pay(reference, "refunded", standing=Decimal("20.00"))
    compare(system)
    assert differences(system) == [("changed_there", 10_000)]
    assert system.status(number) == "partially_refunded"
    assert_sound(system)


def test_a_chargeback_nobody_told_is_booked(system: System) -> None:
    number, reference = system.settle("auction")
    system.pay(reference, "chargebacked")
    compare(system)
    assert differences(system) == [("changed_there", 12_000)]
    assert system.status(number) in {"chargeback", "in_protest"}
    assert_sound(system)


def test_another_amount_is_for_a_person(system: System) -> None:
    _, reference = system.settle("auction")
    payment = system.shop.payment(reference)
    assert payment is not None
    system.shop.store.put("payment", reference, payment | {"initial_amount": "121.00"})
    compare(system)
    assert differences(system) == [("amount_differs", 12_100)]
    item = system.rows("select kind, owner, evidence from review_item")[0]
    assert (item.kind, item.owner) == ("difference.amount_differs", "finance")
    assert (item.evidence["ours"]["amount"], item.evidence["theirs"]["initial"]) == ("120.00", "121.00")
    compare(system, tomorrow=2)
    assert len(differences(system)) == 1, "the same difference is one row and one question"
    assert system.scalar("select count(*) from review_item") == 1


def test_a_payment_the_gateway_forgot_is_for_a_person(system: System) -> None:
    _, reference = system.settle("auction")
    forget(system, reference)
    compare(system)
    assert differences(system) == [("unknown_there", 12_000)]
    assert system.scalar("select kind from review_item") == "difference.unknown_there"


def test_money_there_that_is_no_payment_here_is_for_a_person(system: System) -> None:
    payment = system.shop.make("77777", Decimal("9.00"), "http://auction.test/back")
    reference = str(payment["payment_reference"])
    system.callback(reference)
    system.drain()
    system.pay(reference)
    compare(system)
    assert differences(system) == [("unknown_here", 900)]
    assert system.scalar("select count(*) from review_item where kind = 'difference.unknown_here'") == 1


def test_what_cannot_be_compared_again_keeps_the_difference_that_is_open(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, reference = system.settle()
    forget(system, reference)
    compare(system)
    still_open = [tuple(row) for row in system.rows(OPEN)]
    assert [kind for kind, _ in still_open] == ["unknown_there"]

    def stumble(*_: object) -> None:
        raise ValueError("what the gateway says cannot be read")

    monkeypatch.setattr(comparisons, "compare", stumble)
    compare(system, tomorrow=2)
    assert [tuple(row) for row in system.rows(OPEN)] == still_open


def test_a_gateway_that_is_away_is_asked_again_and_nothing_is_concluded(system: System) -> None:
    system.settle("auction")
    system.shop.dial.turn([Fault("fetch", "http", times=0)])
    compare(system)
    assert differences(system) == []
    assert system.scalar("select finished_at from comparison") is None
    system.shop.dial.turn([])
    system.hurry()
    system.drain()
    assert system.scalar("select finished_at from comparison") is not None


def test_a_night_is_owed_once(system: System) -> None:
    with system.app.app_context():
        assert comparisons.owe_comparisons(["everypay"], TODAY) == 10
        assert comparisons.owe_comparisons(["everypay"], TODAY) == 0
    days = [row.day for row in system.rows("select day from comparison order by day desc")]
    assert days[0] == TODAY - timedelta(days=1)
    assert days[-1] == TODAY - timedelta(days=180)


def test_a_rehearsal_says_what_differs_and_writes_nothing(system: System) -> None:
    number = system.invoice("auction")
    reference = system.one_off(number, "auction")
    system.pay(reference)
    with system.app.app_context():
        found = comparisons.rehearse(current().everypay, TODAY)
    assert [each.sentence("everypay") for each in found] == [
        f"everypay has news of {reference} that never came: it is looked into now"
    ]
    assert system.status(number) == "pending"
    assert [system.scalar(f"select count(*) from {table}") for table in ("comparison", "difference")] == [0, 0]
