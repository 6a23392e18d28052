"""Any history of bulk payments, single payments, deposits and what the gateway does by itself leaves sound books."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.services.refunding import assert_sound, watch
from tests.thoroughness import examples

if TYPE_CHECKING:
    from tests.system import System

AMOUNTS = ("100.00", "50.00", "25.00")
TAKEN = {"settled", "refunded", "chargebacked"}
HERE = ["bulk", "bulk", "single", "link", "deposit", "cancel", "paid", "dearer"]
THERE = ["pay", "pay", "pay", "reserve", "fail", "there", "charged_back", "again"]
STEPS = st.lists(st.tuples(st.sampled_from(HERE + THERE), st.integers(1, 9000)), min_size=2, max_size=10)


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
@example([("deposit", 1), ("reserve", 0), ("deposit", 1)])
def test_any_history_of_several_invoices_is_sound(system: System, steps: list[tuple[str, int]]) -> None:
    history = History(system)
    for step, minor in steps:
        history.do(step, minor)
    for _ in range(3):
        system.hurry()
        system.drain()
        watch(system)
    for page in history.pages:
        there = system.shop.payment(page)
        assert there is not None
        held = "select captured_minor - refunded_minor - lost_minor from payment where external_id = :r"
        standing = int(Decimal(there["standing_amount"]) * 100) if there["payment_state"] in TAKEN else 0
        assert (system.scalar(held, r=page) or 0) == standing, (there["payment_state"], steps)
    assert system.scalar("select count(*) from outbox where state in ('dead', 'leased')") == 0, steps
    assert_sound(system)


class History:
    """Three invoices of the auction and a deposit, and whatever is done to them here and at the gateway."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.numbers = [system.invoice("auction", amount) for amount in AMOUNTS]
        self.pages: list[str] = []

    def do(self, step: str, minor: int) -> None:
        getattr(self, f"_{step}")(minor)
        self.system.drain()

    def _opened(self, path: str, body: dict[str, str]) -> None:
        """Ask for a page; money on its way, or none left to pay, is refused."""
        body |= {"customer_url": "http://auction.test/back", "custom_field2": "auction"}
        answer = self.system.call("auction", f"/invoice_generator/{path}", body)
        assert answer.status_code in {201, 409, 422}, answer.text
        if answer.status_code == 201:
            self._keep(str(answer.json["oneoff_redirect_link"]).rpartition("/")[2])

    def _keep(self, page: str) -> None:
        if page not in self.pages:
            self.pages.append(page)

    def _bulk(self, minor: int) -> None:
        chosen = [number for bit, number in enumerate(self.numbers) if (minor % 7 + 1) >> bit & 1]
        due = "select sum(total_minor - captured_minor) from invoice where number = any(:numbers)"
        asked = int(self.system.scalar(due, numbers=chosen))
        amount = f"{asked // 100}.{asked % 100:02}"
        self._opened("bulk_payment", {"description": " ".join(map(str, chosen)), "transaction_amount": amount})

    def _single(self, minor: int) -> None:
        self._opened("oneoff", {"invoice_number": str(self.numbers[minor % 3])})

    def _link(self, minor: int) -> None:
        number = self.numbers[minor % 3]
        link = self.system.scalar("select payment_link from invoice where number = :n", n=number)
        page = self.system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
        self._keep(str(page.headers["Location"]).rpartition("/")[2])

    def _deposit(self, minor: int) -> None:
        user = f"user-{self.numbers[0]}"
        text = f"auction_deposit d{minor % 2}.ee, user_uuid {user}, user_email {user}@users.test"
        said = {"description": text, "transaction_amount": "500.0", "affiliation": "auction_deposit"}
        self._opened("deposit_prepayment", said)

    def _report(self, minor: int, status: str) -> None:
        body = {"invoice_number": self.numbers[minor % 3], "status": status}
        answer = self.system.call("auction", "/invoice_generator/invoice_status", body)
        assert answer.status_code in {200, 409, 422}, answer.text

    def _cancel(self, minor: int) -> None:
        self._report(minor, "cancelled")

    def _paid(self, minor: int) -> None:
        self._report(minor, "paid")

    def _dearer(self, minor: int) -> None:
        body = {"invoice_number": self.numbers[minor % 3], "transaction_amount": f"{100 + minor % 50}.00"}
        body |= {"custom_field2": "auction"}
        assert self.system.call("auction", "/invoice_generator/invoice_generator", body).status_code < 500

    def _there_is(self, minor: int, state: str, *before: str) -> None:
        """Let a payment go to this state from one of those before."""
        at = [page for page in self.pages if (self.system.shop.payment(page) or {})["payment_state"] in before]
        if at:
            page = at[minor % len(at)]
            self.system.pay(page, state)
            self.system.callback(page)

    def _pay(self, minor: int) -> None:
        self._there_is(minor, "settled", "initial", "authorised", "failed")

    def _reserve(self, minor: int) -> None:
        self._there_is(minor, "authorised", "initial")

    def _fail(self, minor: int) -> None:
        self._there_is(minor, "failed", "initial")

    def _goes(self, minor: int, state: str) -> None:
        for page in self.pages:
            there = self.system.shop.payment(page) or {}
            standing = Decimal(there["standing_amount"])
            if there["payment_state"] in TAKEN and standing:
                left = max(standing - Decimal(minor) / 100, Decimal(0))
                self.system.pay(page, state, standing=left.quantize(Decimal("0.01")))
                self.system.callback(page)
                return

    def _there(self, minor: int) -> None:
        self._goes(minor, "refunded")

    def _charged_back(self, minor: int) -> None:
        self._goes(minor, "chargebacked")

    def _again(self, _minor: int) -> None:
        for page in self.pages:
            self.system.callback(page)
