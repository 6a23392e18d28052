"""Sums of money on its way back, for any amounts and any history: never more than came, and the gateway agrees."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain.errors import Conflict
from app.domain.refund import Refundable, RefundNotPossible, RefundTooLarge, check_refund
from app.services import disputes, surpluses
from app.services.money_held import Part, share
from tests.services.refunding import MARY, ask, assert_sound, order, payment_id, watch

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
        check_refund(of, amount)
    except (RefundTooLarge, RefundNotPossible):
        assert amount <= 0 or amount > of.left_minor
    else:
        assert of.refunded_minor + of.reserved_minor + of.disputed_minor + amount <= of.captured_minor


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


some = st.integers(1, 6000)
KINDS = ["ask", "lost", "refused", "there", "charged_back", "dispute", "won", "closed", "use", "credit"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        some,
    ),
    min_size=1,
    max_size=7,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
@example([("dispute", 2), ("charged_back", 1)])
@example([("ask", 95), ("ask", 5017), ("there", 2380), ("dispute", 130), ("there", 2380)])
@example([("use", 39), ("dispute", 6000), ("charged_back", 4000), ("charged_back", 3)])
def test_any_history_ends_with_what_the_gateway_holds(system: System, steps: list[tuple[str, int]]) -> None:
    """The payment is 60 for its invoice and 40 over."""
    reference, surplus = _overpaid(system)
    for number, (step, minor) in enumerate(steps):
        _do(system, reference, surplus, step, minor, str(number))
    for _ in range(3):
        system.hurry()
        system.drain()
        watch(system)
    there = system.shop.payment(reference)
    assert there is not None
    held = "select captured_minor - refunded_minor - lost_minor from payment where id = :p"
    assert system.scalar(held, p=payment_id(system, reference)) == int(Decimal(there["standing_amount"]) * 100), steps
    assert_sound(system)


def _overpaid(system: System) -> tuple[str, int]:
    """Pay 100 by the link of an invoice that needs 60 of it, because 40 were paid before."""
    number = system.invoice(amount="100.00")
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    body = {"invoice_number": number, "customer_url": "http://registrar.test/back", "amount": "40.00"}
    part = system.call("registry", "/invoice_generator/oneoff", body).json["oneoff_redirect_link"]
    reference = str(page.headers["Location"]).rpartition("/")[2]
    for each in (part.rpartition("/")[2], reference):
        system.pay(each)
        system.callback(each)
        system.drain()
    found = "select s.id from surplus s join payment p on p.id = s.payment_id where p.external_id = :r"
    return reference, int(system.scalar(found, r=reference))


def _do(system: System, reference: str, surplus: int, step: str, minor: int, key: str) -> None:  # noqa: PLR0917
    there = system.shop.payment(reference)
    assert there is not None
    standing = Decimal(there["standing_amount"])
    try:
        if step in {"ask", "lost", "refused"}:
            kinds = {"lost": "reset_after", "refused": "wrong_clock"}
            system.shop.dial.script([{"operation": "refund", "kind": kinds[step]}] if step in kinds else [])
            ask(system, order(system, reference, minor, key))
        elif step in {"there", "charged_back"} and standing > 0:
            state = "refunded" if step == "there" else "chargebacked"
            left = max(standing - Decimal(minor) / 100, Decimal(0))
            system.pay(reference, state, standing=left.quantize(Decimal("0.01")))
            system.callback(reference)
        else:
            _do_here(system, reference, surplus, step, minor, key)
    except Conflict:
        pass  # not possible in this state: said, and nothing done
    system.drain()


def _do_here(system: System, reference: str, surplus: int, step: str, minor: int, key: str) -> None:  # noqa: PLR0917
    payment = payment_id(system, reference)
    open_ = "select id from dispute where payment_id = :p and status = 'opened'"
    with system.app.app_context():
        if step == "dispute":
            disputes.open_dispute(payment, minor, reason="x", actor=MARY)
        elif step == "credit":
            surpluses.give_back(surplus, actor=MARY, key=key, amount_minor=minor)
        elif step == "use":
            surpluses.use(surplus, system.invoice(amount="50.00"), actor=MARY, amount_minor=minor)
    known = system.scalar(open_, p=payment)
    if known is not None and step in {"won", "closed"}:
        with system.app.app_context():
            if step == "won":
                disputes.win(known, actor=MARY)
            else:
                disputes.close(known, actor=MARY, outcome="withdrawn")
