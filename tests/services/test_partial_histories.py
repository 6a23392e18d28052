"""Any history of parts, refunds, disputes, chargebacks and surpluses of one invoice leaves sound books."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import Conflict
from app.services import disputes, payer_credits
from tests.services.disputing import clearing
from tests.services.parts import ask_part, by_link, come, invoice_id, money, told
from tests.services.refunding import MARY, ask, assert_sound, order, payment_id, watch
from tests.thoroughness import examples

if TYPE_CHECKING:
    from tests.system import System


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


DEEDS = [
    "part", "part", "part", "page", "pay", "link", "refund", "there", "credit", "back", "dispute", "end", "lose", "win",
    "charge",
]  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(1, 9000)), min_size=2, max_size=9)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_history_of_parts_refunds_and_surpluses_is_sound(system: System, steps: list[tuple[str, int]]) -> None:
    history = History(system)
    for position, (step, minor) in enumerate(steps):
        history.do(step, minor, position)
    system.hurry()
    system.drain()
    watch(system)
    status, captured, refunded = money(system, history.number)
    assert 0 <= refunded <= captured <= 10000, steps
    came = "select coalesce(sum(captured_minor), 0) from payment where invoice_id = :i"
    over = "select coalesce(sum(amount_minor), 0) from surplus where invoice_id = :i"
    own = invoice_id(system, history.number)
    assert int(system.scalar(came, i=own)) == captured + int(system.scalar(over, i=own)), steps
    assert (len(told(system, history.number)) == 1) == (captured == 10000), (steps, status)
    lost, held_back = history.disputed()
    assert 0 <= lost <= captured - refunded, steps
    assert 0 <= held_back <= captured - refunded - lost, steps
    for reference, held in history.held().items():
        assert 0 <= held == clearing(system, reference), (steps, reference)
    assert_sound(system)


class History:
    """One invoice over 100 and whatever is done to it; what is not possible in a state is refused, and that is fine."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.number = system.invoice(amount="100.00")
        self.pages: list[str] = []
        self.paid: list[str] = []

    def do(self, step: str, minor: int, position: int) -> None:
        with suppress(Conflict):
            getattr(self, f"_{step}")(minor, f"{position}")
        self.system.drain()

    def _page(self, minor: int, _key: str) -> None:
        answer = ask_part(self.system, self.number, f"{minor // 100}.{minor % 100:02}")
        assert answer.status_code in {201, 422}, answer.text
        if answer.status_code == 201:
            self.pages.append(str(answer.json["oneoff_redirect_link"]).rpartition("/")[2])

    def _pay(self, minor: int, _key: str) -> None:
        if self.pages:
            page = self.pages.pop(minor % len(self.pages))
            come(self.system, page)
            self.paid.append(page)

    def _part(self, minor: int, key: str) -> None:
        self._page(minor, key)
        self._pay(len(self.pages) - 1, key)

    def _link(self, _minor: int, _key: str) -> None:
        page = by_link(self.system, self.number)
        come(self.system, page)
        self.paid.append(page)

    def _refund(self, minor: int, key: str) -> None:
        if self.paid:
            ask(self.system, order(self.system, self.paid[minor % len(self.paid)], minor, key))

    def _there(self, minor: int, _key: str) -> None:
        self._goes(minor, "refunded")

    def _charge(self, minor: int, _key: str) -> None:
        self._goes(minor, "chargebacked")

    def _goes(self, minor: int, state: str) -> None:
        """Let some of a payment go at the gateway, or all that is left of it."""
        if self.paid:
            page = self.paid[minor % len(self.paid)]
            there = self.system.shop.payment(page)
            assert there is not None
            left = max(Decimal(there["standing_amount"]) - Decimal(minor) / 100, Decimal(0))
            if Decimal(there["standing_amount"]) > 0:
                self.system.pay(page, state, standing=left.quantize(Decimal("0.01")))
                self.system.callback(page)

    def _surplus(self) -> int | None:
        question = "select s.id from surplus s join invoice i on i.id = s.invoice_id where i.number = :n order by s.id"
        found = self.system.scalar(question, n=self.number)
        return None if found is None else int(found)

    def _credit(self, minor: int, _key: str) -> None:
        surplus = self._surplus()
        if surplus is not None:
            other = self.system.invoice(amount="50.00")
            with self.system.app.app_context():
                payer_credits.apply(surplus, other, actor=MARY, amount_minor=minor)

    def _back(self, minor: int, key: str) -> None:
        surplus = self._surplus()
        if surplus is not None:
            with self.system.app.app_context():
                payer_credits.refund(surplus, actor=MARY, key=key, amount_minor=minor)

    def _dispute(self, minor: int, _key: str) -> int | None:
        if not self.paid:
            return None
        payment = payment_id(self.system, self.paid[minor % len(self.paid)])
        with self.system.app.app_context():
            return disputes.open_dispute(payment, minor, reason="x", actor=MARY)

    def _lose(self, minor: int, key: str) -> None:
        opened = self._dispute(minor, key)
        if opened is not None:
            with self.system.app.app_context():
                disputes.lose(opened, actor=MARY)

    def _end(self, minor: int, _key: str) -> None:
        found = self._one_that_is("opened")
        ends = (disputes.win, disputes.lose, partial(disputes.close, outcome="withdrawn"))
        if found is not None:
            with self.system.app.app_context():
                ends[minor % len(ends)](found, actor=MARY)

    def _win(self, _minor: int, _key: str) -> None:
        found = self._one_that_is("lost")
        if found is not None:
            with self.system.app.app_context():
                disputes.win(found, actor=MARY)

    def _one_that_is(self, status: str) -> int | None:
        question = (
            "select d.id from dispute d join invoice i on i.id = d.invoice_id "
            "where i.number = :n and d.status = :s order by d.id"
        )
        found = self.system.scalar(question, n=self.number, s=status)
        return None if found is None else int(found)

    def disputed(self) -> tuple[int, int]:
        """Return what disputes took of the invoice's money, and what open ones hold back."""
        row = self.system.rows("select lost_minor, disputed_minor from invoice where number = :n", n=self.number)[0]
        return int(row.lost_minor), int(row.disputed_minor)

    def held(self) -> dict[str, int]:
        """Return what is left of each payment that came, by its reference."""
        rows = self.system.rows(
            "select external_id, captured_minor - refunded_minor - lost_minor as held from payment "
            "where invoice_id = :i and completed_at is not null and external_id is not null",
            i=invoice_id(self.system, self.number),
        )
        return {str(row.external_id): int(row.held) for row in rows}
