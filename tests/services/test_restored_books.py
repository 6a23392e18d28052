"""The database is put back to a moment ago, and the gateway is not: what it knows more is found again (T90)."""

from __future__ import annotations

import re
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.extensions import db
from app.services import janitor
from app.uow import MEMORY
from tests.services.refunding import ask, assert_sound, order, questions, status, went_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.database import Databases
    from tests.system import System

    Forgetting = Callable[[], AbstractContextManager[None]]


OPERATIONS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.fixture
def forgetting(system: System, databases: Databases, fresh_database: str) -> Forgetting:
    """Return a context after which the database knows nothing of what has happened in it."""

    @contextmanager
    def forget() -> Iterator[None]:
        _disconnect(system)
        with databases.backup(fresh_database) as put_back:
            yield
            _disconnect(system)
            put_back()
            system.app.extensions.pop(MEMORY, None)  # every process is started anew then

    return forget


def _disconnect(system: System) -> None:
    with system.app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_payment_made_in_the_gap_is_settled_by_our_own_look(system: System, forgetting: Forgetting) -> None:
    number = system.invoice("auction")
    reference = system.one_off(number, "auction")
    with forgetting():
        system.pay(reference)
        system.callback(reference)
        system.drain()
        assert system.status(number) == "paid"
    assert system.status(number) != "paid"
    system.hurry()
    with system.app.app_context():
        assert janitor.poll_open_payments() == 1
    system.drain()
    assert system.status(number) == "paid"
    assert_sound(system)


def test_a_payment_the_database_never_heard_of_is_a_question(system: System, forgetting: Forgetting) -> None:
    with forgetting():
        reference = system.one_off(system.invoice("auction"), "auction")
        system.pay(reference)
    system.callback(reference)
    system.drain()
    assert system.rows("select kind from review_item") == [("payment.unknown_here",)]
    assert_sound(system)


def test_numbers_given_out_in_the_gap_are_not_given_again_once_the_counters_moved_on(
    system: System, forgetting: Forgetting
) -> None:
    with forgetting():
        given = [system.number(), system.number()]
    system.sql(re.findall(r"`(update number_range [^`]+)`", OPERATIONS)[0])
    assert system.invoice("auction") > max(given)
    assert_sound(system)


@pytest.mark.slow
@pytest.mark.parametrize("minor", [3000, 10000])
def test_a_refund_sent_in_the_gap_is_not_sent_again(system: System, forgetting: Forgetting, minor: int) -> None:
    _number, reference = system.settle("auction", "100.00")
    refund = ask(system, order(system, reference, minor)).id
    with forgetting():
        system.drain()
        assert went_back(system, reference) == [Decimal(minor) / 100]
    assert status(system, refund) == "requested"
    system.drain()
    assert went_back(system, reference) == [Decimal(minor) / 100]
    assert status(system, refund) == "succeeded"
    assert questions(system, reference) == []
    assert_sound(system)


def test_a_refund_of_money_the_bank_took_back_in_the_gap_is_not_sent(system: System, forgetting: Forgetting) -> None:
    number, reference = system.settle("auction", "100.00")
    refund = ask(system, order(system, reference, 3000)).id
    with forgetting():
        system.pay(reference, "chargebacked")
    system.drain()
    assert went_back(system, reference) == []
    assert status(system, refund) == "failed"
    assert system.status(number) == "chargeback"
    assert_sound(system)
