"""Sums of money on its way back, for any amounts and any history: never more than came, and the gateway agrees."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain.errors import Conflict
from app.domain.money import Money
from app.domain.refund import Refundable, RefundNotPossible, RefundTooLarge, check_refund
from app.services import disputes, payer_credits, refunds
from app.services.money_held import Part, share
from tests.services.parts import ask_part, by_link, come, invoice_id
from tests.services.refunding import JAAN, MARY, assert_sound, order, payment_id, watch
from tests.thoroughness import examples

if TYPE_CHECKING:
    from tests.system import System

minors = st.integers(0, 10**9)
parts = st.lists(st.integers(1, 10**6), max_size=6).map(
    lambda held: [Part(key or None, minor) for key, minor in enumerate(held)]
)


@given(parts, st.integers(0, 10**7))
def test_what_goes_is_shared_out_to_the_cent(held: list[Part], amount: int) -> None:
    taken = share(held, amount)
    there = {part.invoice_id: part.held_minor for part in held}
    assert sum(part.held_minor for part in taken) == min(amount, sum(there.values()))
    assert all(0 < part.held_minor <= there[part.invoice_id] for part in taken)
    credit = there.get(None, 0)
    assert sum(part.held_minor for part in taken if part.invoice_id is None) == min(amount, credit)


@given(st.builds(Refundable, minors, minors, minors, minors, minors), st.integers(-10, 10**10))
def test_a_refund_fits_into_what_is_left_or_is_refused(of: Refundable, amount: int) -> None:
    try:
        check_refund(of, Money(amount, "EUR"))
    except (RefundTooLarge, RefundNotPossible):
        assert amount <= 0 or amount > of.left_minor
    else:
        assert of.refunded_minor + of.reserved_minor + of.disputed_minor + amount <= of.captured_minor


@pytest.fixture
def system(shared_system: System) -> System:
    """Return a system in which a second person agrees to what is above 45.00."""
    shared_system.shop.dial.turn([])
    shared_system.sql("update setting set value = '4500' where code = 'refund_approval_above'")
    return shared_system


some = st.integers(1, 6000)
REFUNDS = ["ask", "lost", "away", "refused", "credit", "agree", "reject", "withdraw", "hour"]
DISPUTES = ["dispute", "take_up", "won", "closed", "taken", "reinstated"]
KINDS = [*REFUNDS, *DISPUTES, "there", "charged_back", "again", "use", "ask_other", "dispute_other"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        some,
    ),
    min_size=1,
    max_size=7,
)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
@example([("dispute", 2), ("charged_back", 1)])
@example([("ask", 95), ("ask", 5017), ("there", 2380), ("dispute", 130), ("there", 2380)])
@example([("dispute", 3000), ("taken", 1), ("there", 9000), ("reinstated", 1)])
@example([("use", 39), ("dispute", 6000), ("charged_back", 4000), ("charged_back", 3)])
def test_any_history_ends_with_what_the_gateway_holds(system: System, steps: list[tuple[str, int]]) -> None:
    """The payment is 60 for its invoice and 40 over."""
    history = History(system)
    for number, (step, minor) in enumerate(steps):
        history.do(step, minor, str(number))
    system.shop.dial.turn([])
    for _ in range(3):
        system.hurry()
        system.drain()
        watch(system)
    payment = system.rows("select * from payment where id = :p", p=history.payment)[0]
    held = payment.captured_minor - payment.refunded_minor - payment.lost_minor
    assert held == history.standing_minor, steps
    assert payment.status == _status(payment), steps
    assert_sound(system)


def _status(payment: Any) -> str:
    """Return what a payment is called that holds so much."""
    if payment.captured_minor > payment.refunded_minor + payment.lost_minor:
        return "partially_refunded" if payment.refunded_minor else "completed"
    return str(payment.status if payment.status in {"refunded", "charged_back"} else "nothing is left of it")


class History:
    """A payment of 100 by the link of an invoice that needs 60 of it, and whatever is done to it."""

    def __init__(self, system: System) -> None:
        self.system = system
        number = system.invoice(amount="100.00")
        part = ask_part(system, number, "40.00").json["oneoff_redirect_link"]
        self.reference = by_link(system, number)
        for each in (part.rpartition("/")[2], self.reference):
            come(system, each)
        self.payment = payment_id(system, self.reference)
        self.surplus = int(system.scalar("select id from surplus where payment_id = :p", p=self.payment))
        self.other: int | None = None

    @property
    def standing_minor(self) -> int:
        """Return what the gateway holds."""
        there = self.system.shop.payment(self.reference)
        assert there is not None
        return int(Decimal(there["standing_amount"]) * 100)

    def do(self, step: str, minor: int, key: str) -> None:
        """Do it, unless it is not possible in this state: that is said, and nothing is done."""
        with suppress(Conflict), self.system.app.app_context():
            getattr(self, f"_{step}")(minor, key)
        self.system.drain()

    def _ask(self, minor: int, key: str, **more: Any) -> None:
        refunds.request(order(self.system, self.reference, minor, key, **more), actor=MARY)

    def _lost(self, minor: int, key: str) -> None:
        self.system.shop.dial.script([{"operation": "refund", "kind": "reset_after"}])
        self._ask(minor, key)

    def _away(self, minor: int, key: str) -> None:
        self.system.shop.dial.script([{"operation": "refund", "kind": "http", "status": 429}])
        self._ask(minor, key)

    def _refused(self, minor: int, key: str) -> None:
        self.system.shop.dial.script([{"operation": "refund", "kind": "wrong_clock"}])
        self._ask(minor, key)

    def _ask_other(self, minor: int, key: str) -> None:
        if self.other is not None:
            self._ask(minor, key, invoice_id=self.other)

    def _credit(self, minor: int, key: str) -> None:
        payer_credits.refund(self.surplus, actor=MARY, key=key, amount_minor=minor)

    def _waiting(self, *statuses: str) -> int | None:
        question = "select id from refund where payment_id = :p and status = any(:s) order by id limit 1"
        found = self.system.scalar(question, p=self.payment, s=list(statuses))
        return None if found is None else int(found)

    def _agree(self, _minor: int, _key: str) -> None:
        if (waits := self._waiting("pending_approval")) is not None:
            refunds.approve(waits, actor=JAAN)

    def _reject(self, _minor: int, _key: str) -> None:
        if (waits := self._waiting("pending_approval")) is not None:
            refunds.reject(waits, actor=JAAN, reason="no")

    def _withdraw(self, _minor: int, _key: str) -> None:
        if (waits := self._waiting("pending_approval", "requested")) is not None:
            refunds.withdraw(waits, actor=MARY, reason="no")

    def _hour(self, _minor: int, _key: str) -> None:
        """An hour goes by: what was not executed by now cannot be any more."""
        self.system.sql("update refund set sent_at = sent_at - interval '1 hour' where sent_at is not null")
        self.system.hurry()
        watch(self.system)

    def _dispute(self, minor: int, _key: str) -> None:
        disputes.open_dispute(self.payment, minor, reason="x", actor=MARY)

    def _dispute_other(self, minor: int, _key: str) -> None:
        if self.other is not None:
            disputes.open_dispute(self.payment, minor, reason="x", actor=MARY, invoice_id=self.other)

    def _known(self, *statuses: str) -> Any:
        question = "select id, amount_minor from dispute where payment_id = :p and status = any(:s) order by id limit 1"
        return next(iter(self.system.rows(question, p=self.payment, s=list(statuses))), None)

    def _take_up(self, _minor: int, _key: str) -> None:
        if (known := self._known("opened")) is not None:
            disputes.take_up(known.id, actor=MARY)

    def _won(self, _minor: int, _key: str) -> None:
        if (known := self._known("opened", "under_review")) is not None:
            disputes.win(known.id, actor=MARY)

    def _closed(self, _minor: int, _key: str) -> None:
        if (known := self._known("opened", "under_review")) is not None:
            disputes.close(known.id, actor=MARY, outcome="withdrawn")

    def _taken(self, _minor: int, _key: str) -> None:
        """A person reads in the gateway's portal that the bank took the money, before its call comes."""
        known = self._known("opened", "under_review")
        if known is not None and known.amount_minor <= self.standing_minor:
            self._goes("chargebacked", known.amount_minor, callback=False)
            disputes.lose(known.id, actor=MARY)
            self.system.callback(self.reference)

    def _reinstated(self, _minor: int, _key: str) -> None:
        """The bank gives back what it took; the gateway holds it again."""
        if (known := self._known("lost")) is not None:
            self._goes("chargebacked", -known.amount_minor, callback=False)
            disputes.win(known.id, actor=MARY)

    def _goes(self, state: str, minor: int, *, callback: bool = True) -> None:
        left = Decimal(max(self.standing_minor - minor, 0)) / 100
        self.system.pay(self.reference, state, standing=left.quantize(Decimal("0.01")))
        if callback:
            self.system.callback(self.reference)

    def _there(self, minor: int, _key: str) -> None:
        if self.standing_minor:
            self._goes("refunded", minor)

    def _charged_back(self, minor: int, _key: str) -> None:
        if self.standing_minor:
            self._goes("chargebacked", minor)

    def _again(self, _minor: int, _key: str) -> None:
        self.system.callback(self.reference)

    def _use(self, minor: int, _key: str) -> None:
        number = self.system.invoice(amount="50.00")
        payer_credits.apply(self.surplus, number, actor=MARY, amount_minor=minor)
        self.other = invoice_id(self.system, number)
