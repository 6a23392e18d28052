"""What was paid twice: shown with both payments, given back or used for another invoice, each said before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.test_payer_credits import left, paid_twice
from tests.web.desks import SCRIPT, second, value

if TYPE_CHECKING:
    from tests.system import System
    from tests.web.browser import Browser, Portal

KEY = "k" * 20


@pytest.fixture
def system(portal: Portal) -> System:
    return portal.system


def use(browser: Browser, surplus: int, number: int, amount: int, **more: str) -> int:
    sent = {"number": str(number), "amount": str(amount), "reason": "the payer asked", "key": KEY}
    return browser.post(f"/credits/{surplus}/uses", sent | more).status_code


def same_payer(system: System, first: int, amount: str = "30.00") -> int:
    """Register another invoice of the same payer."""
    other = system.invoice("registry", amount)
    for number in (first, other):
        system.sql("update invoice set customer_email = :m where number = :n", m=f"p{first}@example.test", n=number)
    return other


def test_both_payments_and_what_is_left_are_shown(system: System, mary: Browser) -> None:
    surplus, number, _reference = paid_twice(system)
    assert f"/credits/{surplus}" in mary.page("/credits").links()
    page = mary.page(f"/credits/{surplus}")
    assert "100.00 € are the payer's" in page.text("strong")
    assert page.text("h2").count("Paid first") == 1
    assert f"/invoices/{number}" in page.links()


def test_it_is_used_for_another_invoice_as_was_said_before(system: System, mary: Browser) -> None:
    surplus, number, _reference = paid_twice(system)
    other = same_payer(system, number)
    asked = mary.page(f"/credits/{surplus}/uses/new?invoice={other}")
    assert f"Use 30.00 € for invoice {other}?" in asked.text("h2")
    assert "paid in full" in asked.text("p")
    assert "debit Credit of payers, Domain registry 30.00" in asked.text("p")
    assert left(system, surplus) == 10000
    assert use(mary, surplus, other, 3000, reason="asked by mail") == 303
    assert (system.status(other), left(system, surplus)) == ("paid", 7000)
    assert "asked by mail" in mary.get(f"/credits/{surplus}").text
    assert use(mary, surplus, other, 3000) == 303
    assert "taken it already" in mary.get(f"/credits/{surplus}").text
    assert left(system, surplus) == 7000


def test_it_is_given_back_once_however_often_it_is_clicked(system: System, mary: Browser) -> None:
    surplus, number, _reference = paid_twice(system)
    shown = mary.get(f"/credits/{surplus}/refunds/new").text
    sent = {"key": value(shown, "key"), "amount": value(shown, "amount"), "reason": "paid twice"}
    first, again = (mary.post(f"/credits/{surplus}/refunds", sent) for _ in range(2))
    assert first.location == again.location
    assert first.location.startswith("/refunds/")
    assert "100.00 € are on their way back" in mary.page(f"/credits/{surplus}").text("strong")
    system.drain()
    assert (system.status(number), left(system, surplus)) == ("paid", 0)
    assert "Nothing of it is left" in mary.page(f"/credits/{surplus}").text("strong")
    assert f"/credits/{surplus}" not in mary.page("/credits").links()


def test_of_two_tabs_the_second_uses_nothing_that_is_gone(system: System, mary: Browser) -> None:
    surplus, number, _reference = paid_twice(system)
    others = [same_payer(system, number, "80.00") for _ in range(2)]
    assert [use(mary, surplus, other, 8000) for other in others] == [303, 303]
    assert "Nothing was used" in mary.get(f"/credits/{surplus}").text
    assert sorted(system.status(other) for other in others) == ["paid", "unpaid"]


def test_bank_link_money_says_what_to_do_instead(system: System, mary: Browser) -> None:
    surplus, _number, reference = paid_twice(system)
    system.sql("update payment set gateway_method = 'lhv_ob_ee' where external_id = :r", r=reference)
    page = mary.page(f"/credits/{surplus}")
    assert "bank transfer" in page.text("span")
    assert f"/credits/{surplus}/refunds/new" not in page.links()


def test_somebody_elses_invoice_takes_nothing(system: System, mary: Browser) -> None:
    surplus, _number, _reference = paid_twice(system)
    stranger = system.invoice("auction", "10.00")
    assert mary.get(f"/credits/{surplus}/uses/new?invoice={stranger}").status_code == 404
    assert use(mary, surplus, stranger, 1000) == 404
    for odd in ("", "x", "9" * 40):
        assert mary.get(f"/credits/{surplus}/uses/new?invoice={odd}").status_code == 404
    assert left(system, surplus) == 10000


def test_nothing_is_done_without_a_reason_and_a_script_is_text(system: System, mary: Browser) -> None:
    surplus, number, _reference = paid_twice(system)
    other = same_payer(system, number)
    assert use(mary, surplus, other, 3000, reason="") == 422
    assert use(mary, surplus, other, 3000, reason=SCRIPT) == 303
    assert SCRIPT not in mary.get(f"/credits/{surplus}").text
    assert mary.get("/credits/999999").status_code == 404


def test_who_may_not_adjust_credit_sees_no_way_to(portal: Portal, system: System) -> None:
    surplus, number, _reference = paid_twice(system)
    same_payer(system, number)
    clerk = second(portal, "clerk")
    assert "/new" not in " ".join(clerk.page(f"/credits/{surplus}").links())
    assert clerk.post(f"/credits/{surplus}/uses").status_code == 403
