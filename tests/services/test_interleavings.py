"""Every merge order of two racing verbs ends the same: exhaustive, not random (reliability.md 4.6; T06, T22)."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from app.domain.numbering import NumberRangeExhausted
from app.extensions import db
from app.integrations import current
from app.services import numbering, proofs
from app.services.initiators import Caller, caller_named
from app.services.refresh import refresh
from app.uow import session
from tests.services.interleaver import inside, races
from tests.thoroughness import EXHAUSTIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System

LADDER = (60, 180)
# How many statements of the two together are merged in every order the locks allow: all of them, or those that read
# what is known and take every lock.
DEPTH = 100 if EXHAUSTIVE else 10


def _engine(system: System) -> Any:
    with system.app.app_context():
        return db.engine


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_callbacks_settle_once_in_every_order(system: System) -> None:
    examined = 0
    for race in races(DEPTH):
        number = system.invoice("auction")
        reference = system.one_off(number, "auction")
        system.pay(reference)
        system.callback(reference)
        key = int(system.scalar("select id from gateway_reference where external_id = :r", r=reference))
        look = inside(system.app, lambda key=key: refresh(key, current().everypay, LADDER))  # type: ignore[misc]
        results = race.run(_engine(system), (look, look))
        faults = [each for each in results if isinstance(each, BaseException)]
        assert not faults, (str(race), faults)
        settled = system.scalar(
            "select count(*) from settlement s join invoice i on i.id = s.invoice_id where i.number = :n", n=number
        )
        assert (settled, system.status(number)) == (1, "paid"), str(race)
        examined += 1
    assert examined >= 4
    with system.app.app_context():
        report = proofs.verify()
        assert report.holds, str(report)
    notices = "select count(*) from outbox where kind = 'initiator.payment.notify'"
    assert system.scalar(notices) == examined


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_takers_of_a_number_never_get_the_same_in_any_order(system: System) -> None:
    with system.app.app_context():
        caller = caller_named("registry")
    take = inside(system.app, lambda: numbering.take_invoice_number(caller))
    taken: list[int] = []
    for race in races(DEPTH):
        results = race.run(_engine(system), (take, take))
        assert all(isinstance(each, int) for each in results), results
        taken += results
    assert len(taken) == len(set(taken)) >= 4
    assert sorted(taken) == list(range(min(taken), min(taken) + len(taken)))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_payments_of_one_invoice_settle_it_once_in_every_order(system: System) -> None:
    """The payments have nothing in common but the invoice: its row lock alone keeps them apart (T09)."""
    for race in races(DEPTH):
        number = system.invoice("auction")
        link = system.scalar("select payment_link from invoice where number = :n", n=number)
        page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
        both = [page.headers["Location"].rpartition("/")[2], system.one_off(number, "auction")]
        for reference in both:
            system.pay(reference)
            system.callback(reference)
        found = "select id from gateway_reference where external_id = any(:both)"
        keys = [row.id for row in system.rows(found, both=both)]
        looks = [inside(system.app, lambda key=key: refresh(key, current().everypay, LADDER)) for key in keys]  # type: ignore[misc]
        results = race.run(_engine(system), (looks[0], looks[1]))
        faults = [each for each in results if isinstance(each, BaseException)]
        assert not faults, (str(race), faults)
        of_it = "select count(*) from {} where invoice_id = (select id from invoice where number = :n)"
        assert [system.scalar(of_it.format(each), n=number) for each in ("settlement", "allocation")] == [1, 1], str(
            race
        )
        assert system.scalar(of_it.format("review_item") + " and kind = 'payment.surplus'", n=number) == 1, str(race)
    with system.app.app_context():
        report = proofs.verify()
        assert report.holds, str(report)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_deposit_range_gives_4001_numbers_to_parallel_takers_and_then_says_so(system: System) -> None:
    with system.app.app_context():
        caller = caller_named("auction")

    def take(_: int) -> list[int]:
        found = []
        with system.app.app_context():
            for _each in range(521):
                try:
                    found.append(numbering.take_deposit_number(caller))
                except NumberRangeExhausted:
                    break
            db.session.remove()
        return found

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for part in pool.map(take, range(8)) for number in part]
    assert len(numbers) == len(set(numbers)) == 4001
    assert (min(numbers), max(numbers)) == (10001, 14001)
    with system.app.app_context(), pytest.raises(NumberRangeExhausted):
        numbering.take_deposit_number(caller)


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_barrier_races_of_everything_that_can_settle_one_invoice(system: System) -> None:
    """Callback, janitor's look, the service's own report and a second payment at once: one settlement, no cent lost."""
    dice = random.Random(7)
    rounds = 40
    for _ in range(rounds):
        number = system.invoice()
        reference = system.one_off(number)
        system.pay(reference)
        system.callback(reference)
        key = int(system.scalar("select id from gateway_reference where external_id = :r", r=reference))
        body = {"invoice_number": number, "status": "paid"}
        racers: list[Callable[[], Any]] = [
            inside(system.app, lambda key=key: refresh(key, current().everypay, LADDER)),  # type: ignore[misc]
            inside(system.app, lambda key=key: refresh(key, current().everypay, LADDER)),  # type: ignore[misc]
            lambda body=body: system.call("registry", "/invoice_generator/invoice_status", body),  # type: ignore[misc]
        ]
        dice.shuffle(racers)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda racer: racer(), racers))
        settled = system.scalar(
            "select count(*) from settlement s join invoice i on i.id = s.invoice_id where i.number = :n", n=number
        )
        assert settled == 1
        assert system.status(number) == "paid"
    with system.app.app_context():
        report = proofs.verify()
        assert report.holds, str(report)
        assert session().scalar(text("select count(*) from settlement")) == rounds


def test_a_rolled_back_number_is_given_again(system: System) -> None:
    from app.uow import transaction  # noqa: PLC0415 - this test alone breaks a transaction on purpose

    with system.app.app_context():
        caller: Caller = caller_named("registry")
        taken: list[int] = []

        def take_and_fail() -> None:
            with transaction():
                taken.append(numbering.take_invoice_number(caller))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            take_and_fail()
        assert [numbering.take_invoice_number(caller)] == taken
