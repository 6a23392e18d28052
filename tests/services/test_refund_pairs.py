"""Two verbs that meet at one payment's money, in every merge of their first statements (reliability.md 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import Conflict, ProviderFailure
from app.domain.refund import MadeOutside
from app.domain.tallinn import TALLINN
from app.extensions import db
from app.integrations import current
from app.services import disputes, payer_credits, refund_calls, refunds
from app.services.refresh import refresh
from tests.services.interleaver import inside, races
from tests.services.refunding import JAAN, MARY, ask, assert_sound, order, payment_id, watch
from tests.thoroughness import DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System


@dataclass(frozen=True)
class Money:
    """A payment of 100, and what the two verbs are about."""

    number: int
    reference: str
    key: int
    refunds: tuple[int, ...] = ()
    other: int = 0


@dataclass(frozen=True)
class Pair:
    """What both find and what each does; a Conflict or a wait is a sound answer for who was late."""

    name: str
    prepare: Callable[[System], Money]
    first: Callable[[System, Money], object]
    second: Callable[[System, Money], object]


def _settled(system: System, *minors: int) -> Money:
    number, reference = system.settle("auction", "100.00")
    key = int(system.scalar("select id from gateway_reference where external_id = :r", r=reference))
    asked = tuple(ask(system, order(system, reference, minor, str(minor))).id for minor in minors)
    return Money(number, reference, key, asked)


def _there(state: str, standing: str) -> Callable[[System], Money]:
    def prepare(system: System) -> Money:
        money = _settled(system)
        system.pay(money.reference, state, standing=Decimal(standing))
        system.callback(money.reference)
        return money

    return prepare


def _after(state: str, standing: str) -> Callable[[System], Money]:
    def prepare(system: System) -> Money:
        money = _settled(system, 6000)
        system.pay(money.reference, state, standing=Decimal(standing))
        system.callback(money.reference)
        return money

    return prepare


def _over(system: System) -> Money:
    """Pay an invoice twice, so that the second payment is credit."""
    money = _settled(system)
    link = system.scalar("select payment_link from invoice where number = :n", n=money.number)
    page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    reference = page.headers["Location"].rpartition("/")[2]
    system.pay(reference)
    system.callback(reference)
    system.drain()
    surplus = system.scalar(
        "select s.id from surplus s join payment p on p.id = s.payment_id where p.external_id = :r", r=reference
    )
    return Money(system.invoice("auction", "80.00"), reference, 0, other=int(surplus))


def _waiting(system: System) -> Money:
    system.sql("update setting set value = '1' where code = 'refund_approval_above'")
    return _settled(system, 6000)


def _ask(key: str) -> Callable[[System, Money], object]:
    def verb(_: System, money: Money) -> object:
        payment = db.session.execute(db.text("select id from payment where external_id = :r"), {"r": money.reference})
        return refunds.request(refunds.RefundOrder(payment.scalar_one(), 6000, "x", key), actor=MARY)

    return verb


def _made_outside(key: str) -> Callable[[System, Money], object]:
    def verb(_: System, money: Money) -> object:
        payment = db.session.execute(db.text("select id from payment where external_id = :r"), {"r": money.reference})
        made = MadeOutside(datetime.now(TALLINN).date(), "RO-1")
        return refunds.request(refunds.RefundOrder(payment.scalar_one(), 6000, "x", key, made=made), actor=MARY)

    return verb


def _send(which: int) -> Callable[[System, Money], object]:
    return lambda _, money: refund_calls.execute(money.refunds[which], current().everypay)


def _look(_: System, money: Money) -> object:
    return refresh(money.key, current().everypay, (60, 180))


def _dispute(_: System, money: Money) -> object:
    found = db.session.execute(db.text("select id from payment where external_id = :r"), {"r": money.reference})
    return disputes.open_dispute(found.scalar_one(), 6000, reason="x", actor=MARY)


PAIRS = [
    Pair("asked twice", _settled, _ask("a"), _ask("b")),
    Pair("made outside and asked", _settled, _made_outside("a"), _ask("b")),
    Pair("made outside twice", _settled, _made_outside("a"), _made_outside("b")),
    Pair("made outside and sent", lambda system: _settled(system, 3000), _made_outside("a"), _send(0)),
    Pair("made outside and refunded there", _there("refunded", "60.00"), _made_outside("a"), _look),
    Pair("one refund sent twice", lambda system: _settled(system, 6000), _send(0), _send(0)),
    Pair("two refunds sent", lambda system: _settled(system, 6000, 3000), _send(0), _send(1)),
    Pair("sent and refunded there", _after("refunded", "90.00"), _send(0), _look),
    Pair("sent and gone there", _after("refunded", "10.00"), _send(0), _look),
    Pair("sent and charged back", _after("chargebacked", "0.00"), _send(0), _look),
    Pair("asked and disputed", _settled, _ask("a"), _dispute),
    Pair(
        "agreed and withdrawn",
        _waiting,
        lambda _, money: refunds.approve(money.refunds[0], actor=JAAN),
        lambda _, money: refunds.withdraw(money.refunds[0], actor=MARY, reason="x"),
    ),
    Pair(
        "credit used and given back",
        _over,
        lambda _, money: payer_credits.apply(money.other, money.number, actor=MARY),
        lambda _, money: payer_credits.refund(money.other, actor=MARY, key="x", amount_minor=7000),
    ),
]


def _held(system: System, money: Money) -> int:
    held = "select captured_minor - refunded_minor - lost_minor + outside_minor from payment where id = :p"
    return int(system.scalar(held, p=payment_id(system, money.reference)))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name.replace(" ", "-"))
def test_no_order_of_two_verbs_harms(system: System, pair: Pair) -> None:
    with system.app.app_context():
        engine = db.engine
    for race in races(DEPTH):
        money = pair.prepare(system)
        verbs = [partial(verb, system, money) for verb in (pair.first, pair.second)]
        results = race.run(engine, (inside(system.app, verbs[0]), inside(system.app, verbs[1])))
        late = (Conflict, ProviderFailure)
        faults = [each for each in results if isinstance(each, BaseException) and not isinstance(each, late)]
        assert not faults, (str(race), faults)
        for _ in range(2):
            system.hurry()
            system.drain()
            watch(system)
        there = system.shop.payment(money.reference)
        assert there is not None
        assert _held(system, money) == int(Decimal(there["standing_amount"]) * 100), (str(race), results)
    assert_sound(system)
    with system.app.app_context():
        db.session.remove()
        db.engine.dispose()  # who leaves tells the statistics what happened
    assert not system.scalar("select deadlocks from pg_stat_database where datname = current_database()")
