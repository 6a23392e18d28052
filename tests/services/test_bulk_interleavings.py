"""Every merge order of two verbs over the same members or the same deposit ends sound (reliability.md 4.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.domain.money import parse_amount
from app.extensions import db
from app.integrations import current
from app.services import bulk_payments, deposit_payments, proofs
from app.services.bulk_payments import BulkPayment
from app.services.deposit_payments import DepositPayment
from app.services.initiators import caller_named
from app.services.refresh import refresh
from tests.services.interleaver import Race, inside, races
from tests.thoroughness import DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
BACK = "http://auction.test/back"


def _run(system: System, race: Race, first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    with system.app.app_context():
        engine = db.engine
    results = race.run(engine, (inside(system.app, first), inside(system.app, second)))
    faults = [each for each in results if isinstance(each, BaseException)]
    assert not faults, (str(race), faults)
    return results


def _gather(numbers: list[int]) -> Callable[[], int]:
    wish = BulkPayment("auction", " ".join(map(str, numbers)), parse_amount(str(120 * len(numbers)), "EUR"), BACK)
    return lambda: bulk_payments.prepare(caller_named("auction"), wish).number


def _deposit(user: str, amount: str) -> Callable[[], int]:
    text = f"auction_deposit a.ee, user_uuid {user}, user_email a@b.ee"
    wish = DepositPayment("auction", text, parse_amount(amount, "EUR"), BACK)
    return lambda: deposit_payments.prepare(caller_named("auction"), wish).number


def _assert_sound(system: System) -> None:
    with system.app.app_context():
        report = proofs.verify()
        assert report.holds, str(report)


def test_a_member_s_own_page_and_the_bulk_page_settle_it_once_in_every_order(system: System) -> None:
    for race in races(DEPTH):
        numbers = [system.invoice("auction") for _ in range(2)]
        both = [system.bulk(numbers), system.one_off(numbers[0], "auction")]
        for reference in both:
            system.pay(reference)
            system.callback(reference)
        found = "select id from gateway_reference where external_id = any(:both) order by id"
        keys = [row.id for row in system.rows(found, both=both)]
        _run(
            system,
            race,
            lambda key=keys[0]: refresh(key, current().everypay, (60,)),  # type: ignore[misc]
            lambda key=keys[1]: refresh(key, current().everypay, (60,)),  # type: ignore[misc]
        )
        of_it = "select count(*) from {} where invoice_id = (select id from invoice where number = :n)"
        for number in numbers:
            rows = [system.scalar(of_it.format(table), n=number) for table in ("settlement", "allocation")]
            assert (rows, system.status(number)) == ([1, 1], "paid"), str(race)
    _assert_sound(system)


def test_two_wishes_over_one_member_leave_it_in_one_open_container_in_every_order(system: System) -> None:
    for race in races(DEPTH):
        numbers = [system.invoice("auction") for _ in range(3)]
        made = _run(system, race, _gather(numbers[:2]), _gather(numbers[1:]))
        assert sorted(system.status(number) for number in made) == ["cancelled", "unpaid"], str(race)
        open_ = (
            "select count(*) from bulk_member m join invoice i on i.id = m.member_id "
            "where i.number = any(:numbers) and m.released_at is null"
        )
        assert system.scalar(open_, numbers=numbers) == 2, str(race)
    _assert_sound(system)


def test_two_clicks_for_one_deposit_leave_one_open_in_every_order(system: System) -> None:
    for each, race in enumerate(races(DEPTH)):
        same = _run(system, race, _deposit(f"same-{each}", "500"), _deposit(f"same-{each}", "500"))
        assert same[0] == same[1], str(race)
    for each, race in enumerate(races(DEPTH)):
        other = _run(system, race, _deposit(f"other-{each}", "500"), _deposit(f"other-{each}", "700"))
        assert sorted(system.status(number) for number in other) == ["cancelled", "unpaid"], str(race)
    _assert_sound(system)
