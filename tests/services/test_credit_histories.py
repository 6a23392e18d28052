"""Any history of parts, refunds, disputes and credit notes of one invoice leaves books that explain each cent."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import Invalid, NotFound
from app.domain.money import Money
from app.integrations import current
from app.queries import credit_notes as questions
from app.services import credit_notes, invoices, payer_credits, refunds, status_reports
from app.services.credit_notes import CreditOrder
from app.services.initiators import caller_named
from app.services.invoice_status import lock_by_number
from app.uow import transaction
from tests.services.disputing import clearing
from tests.services.parts import invoice_id
from tests.services.refunding import JAAN, MARY, assert_sound, watch
from tests.services.test_partial_histories import History
from tests.thoroughness import examples

if TYPE_CHECKING:
    from tests.system import System

OWED = """
select coalesce(sum(e.amount_minor), 0) from ledger_entry e join ledger_account a on a.id = e.account_id
  join ledger_transaction t on t.id = e.transaction_id where a.code like 'receivables:%' and t.invoice_id = :i
"""
OPEN = "select case when cancelled_at is null then total_minor - credited_minor - captured_minor else 0 end as open"
GIVEN = "select coalesce(sum(amount_minor), 0) from allocation where invoice_id = :i and reversed_at is null"
DEEDS = [
    "part", "part", "page", "pay", "link", "begin", "note", "note", "rest", "cancel", "change", "refund", "lost",
    "agree", "there", "credit", "back", "dispute", "end", "lose", "win", "charge", "paid_by_credit",
]  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(1, 9000)), min_size=2, max_size=9)


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


class Document(History):
    """One invoice over 100 that credit notes may make smaller, too."""

    def do(self, step: str, minor: int, position: int) -> None:
        with suppress(Invalid, NotFound):
            super().do(step, minor, position)

    def _note(self, minor: int, key: str) -> None:
        """Take so much off it, whatever is left."""
        with self.system.app.app_context():
            with transaction() as tx:
                left = questions.left_of(lock_by_number(tx, caller_named("registry").owns, self.number)).total_minor
            order = CreditOrder({1: min(minor, left)}, "agreed", f"{self.number}:{key}", left)
            credit_notes.issue(self.number, order, actor=MARY)

    def _rest(self, _minor: int, key: str) -> None:
        self._note(10_000, key)

    def _begin(self, minor: int, _key: str) -> None:
        """Begin to pay without coming to an end."""
        if self.pages:
            page = self.pages[minor % len(self.pages)]
            self.system.pay(page, "waiting_for_sca")
            self.system.callback(page)

    def _cancel(self, _minor: int, _key: str) -> None:
        with self.system.app.app_context():
            status_reports.cancel(caller_named("registry"), self.number, "not wanted")

    def _change(self, minor: int, _key: str) -> None:
        with self.system.app.app_context():
            invoices.change_amount(caller_named("registry"), self.number, Money(minor, "EUR"), current().links)

    def _lost(self, minor: int, key: str) -> None:
        """Ask for money back and hear no answer, executed or not."""
        kind = "reset_after" if minor % 2 else "reset"
        self.system.shop.dial.script([{"operation": "refund", "kind": kind}])
        self._refund(minor, key)

    def _agree(self, minor: int, _key: str) -> None:
        """Let a second person decide about what waits for one."""
        waiting = self.system.scalar("select min(id) from refund where status = 'pending_approval'")
        if waiting is not None:
            with self.system.app.app_context():
                if minor % 2:
                    refunds.approve(waiting, actor=JAAN)
                else:
                    refunds.reject(waiting, actor=JAAN, reason="x")

    def _paid_by_credit(self, minor: int, _key: str) -> None:
        """Give it money of another invoice that was taken back."""
        other, _reference = self.system.settle(amount="10.00")
        taken = 1 + minor % 1000
        with self.system.app.app_context():
            credit_notes.issue(other, CreditOrder({1: taken}, "x", f"{other}:all", 1000), actor=MARY)
            of = "select s.id from surplus s join invoice i on i.id = s.invoice_id where i.number = :n"
            payer_credits.apply(self.system.scalar(of, n=other), self.number, actor=MARY)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_history_with_credit_notes_is_sound(system: System, steps: list[tuple[str, int]]) -> None:
    history = Document(system)
    for position, (step, minor) in enumerate(steps):
        history.do(step, minor, position)
    system.shop.dial.turn([])
    system.hurry()
    system.drain()
    watch(system)
    own = invoice_id(system, history.number)
    found = system.rows(f"{OPEN}, captured_minor, refunded_minor from invoice where id = :i", i=own)[0]
    assert 0 <= found.refunded_minor <= found.captured_minor, steps
    assert int(system.scalar(OWED, i=own)) == found.open >= 0, steps
    assert int(system.scalar(GIVEN, i=own)) == found.captured_minor, steps
    for reference, held in history.held().items():
        assert 0 <= held == clearing(system, reference), (steps, reference)
    assert_sound(system)
