"""A credit note beside a payment or another note, and parts of one invoice, in every order (reliability.md 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import Conflict
from app.extensions import db
from app.integrations import current
from app.services.refresh import refresh
from tests.services.interleaver import inside, races
from tests.services.parts import ask_part, money
from tests.services.refunding import assert_sound
from tests.services.test_credit_notes import credit, invoice
from tests.thoroughness import DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System

LADDER = (60, 180)
OVER = "select coalesce(sum(amount_minor), 0) from surplus s join invoice i on i.id = s.invoice_id where i.number = :n"
ASKED = "select count(*) from review_item r join invoice i on i.id = r.invoice_id where i.number = :n"
NOTES = "select count(*) from credit_note c join invoice i on i.id = c.invoice_id where i.number = :n"


@dataclass(frozen=True)
class Owed:
    """An invoice, and the keys of the references whose payments were settled and called about."""

    number: int
    keys: tuple[int, ...]


@dataclass(frozen=True)
class Pair:
    """What both find, what each does; a Conflict is a sound answer for who was late. What is true afterwards."""

    name: str
    prepare: Callable[[System], Owed]
    first: Callable[[Owed], object]
    second: Callable[[Owed], object]
    ended: Callable[[System, Owed], bool]


def _issued(system: System, *, heard: bool = True) -> Owed:
    with system.app.app_context():
        number = invoice(system)
        db.session.remove()
    return Owed(number, (_heard(system, system.one_off(number, "auction")),) if heard else ())


def _heard(system: System, reference: str) -> int:
    system.pay(reference)
    system.callback(reference)
    return int(system.scalar("select id from gateway_reference where external_id = :r", r=reference))


def _in_parts(system: System) -> Owed:
    number = system.invoice()
    pages = [ask_part(system, number, amount).json["oneoff_redirect_link"] for amount in ("80.00", "70.00")]
    return Owed(number, tuple(_heard(system, page.rpartition("/")[2]) for page in pages))


def _look(position: int) -> Callable[[Owed], object]:
    return lambda owed: refresh(owed.keys[position], current().everypay, LADDER)


def _note(owed: Owed) -> object:
    return credit(owed.number, 2500)


def _paid_and_credited(system: System, owed: Owed) -> bool:
    """All that came is the invoice's, the payer's, or a person's to decide about."""
    state, captured, _ = money(system, owed.number)
    over, notes = system.scalar(OVER, n=owed.number), system.scalar(NOTES, n=owed.number)
    if not captured:
        return bool(system.scalar(ASKED, n=owed.number)) and notes == 1
    return state == "paid" and (captured + over, over) == (12400, 3100 * notes)


def _credited_once(system: System, owed: Owed) -> bool:
    return (system.scalar(NOTES, n=owed.number), money(system, owed.number)[0]) == (1, "unpaid")


def _paid_by_both(system: System, owed: Owed) -> bool:
    return (money(system, owed.number), system.scalar(OVER, n=owed.number)) == (("paid", 12000, 0), 3000)


PAIRS = [
    Pair("credited and paid", _issued, _note, _look(0), _paid_and_credited),
    Pair("credited twice", lambda system: _issued(system, heard=False), _note, _note, _credited_once),
    Pair("a part and a part", _in_parts, _look(0), _look(1), _paid_by_both),
]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name.replace(" ", "-"))
def test_no_order_of_two_verbs_harms(system: System, pair: Pair) -> None:
    with system.app.app_context():
        engine = db.engine
    for race in races(DEPTH):
        owed = pair.prepare(system)
        scripts = [inside(system.app, partial(verb, owed)) for verb in (pair.first, pair.second)]
        results = race.run(engine, (scripts[0], scripts[1]))
        faults = [each for each in results if isinstance(each, BaseException) and not isinstance(each, Conflict)]
        assert not faults, (str(race), faults)
        for _ in range(2):
            system.hurry()
            system.drain()
        assert pair.ended(system, owed), (str(race), results, money(system, owed.number))
    assert_sound(system)
    with system.app.app_context():
        db.session.remove()
        db.engine.dispose()  # who leaves tells the statistics what happened
    assert not system.scalar("select deadlocks from pg_stat_database where datname = current_database()")
