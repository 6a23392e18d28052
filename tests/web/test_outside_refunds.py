"""Recording a bank transfer that gave money back: said before what is booked, checked by field, done once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.tallinn import TALLINN
from tests.web.desks import SCRIPT, payment_of, refund_id, second, value
from tests.web.page import Page

if TYPE_CHECKING:
    from typing import Any

    from werkzeug.test import TestResponse

    from tests.web.browser import Browser, Portal


@pytest.fixture
def paid(portal: Portal) -> int:
    """Return an invoice that was paid by bank link."""
    portal.system.sql("update setting set value = '50000' where code = 'refund_approval_above'")
    number = portal.system.settle()[0]
    portal.system.sql(
        "update payment set gateway_method = 'lhv_ob_ee' where id = :p", p=payment_of(portal.system, number)
    )
    return number


def day(later: int = 0) -> str:
    return (datetime.now(TALLINN).date() + timedelta(days=later)).isoformat()


def record(browser: Browser, number: int, amount: str = "120", reference: str = "RO-1", **more: Any) -> TestResponse:
    """Open the form, fill it in and send it."""
    shown = browser.get(f"/invoices/{number}/outside-refunds/new").text
    sent = {"key": value(shown, "key"), "payment": value(shown, "payment"), "amount": amount, "day": day()}
    sent |= {"bank_reference": reference, "reason": "paid by bank link"}
    return browser.post(f"/invoices/{number}/outside-refunds", sent | more)


def count(portal: Portal, number: int) -> int:
    question = "select count(*) from refund r join invoice i on i.id = r.invoice_id where i.number = :n"
    return int(portal.system.scalar(question, n=number))


def test_a_bank_link_is_given_back_by_transfer_and_the_page_says_so(portal: Portal, mary: Browser, paid: int) -> None:
    assert f"/invoices/{paid}/outside-refunds/new" in mary.page(f"/invoices/{paid}/refunds/new").links()
    form = mary.page(f"/invoices/{paid}/outside-refunds/new")
    assert "nothing is sent to the gateway" in form.text("p")
    assert "Above 500.00" in form.text("p")
    done = record(mary, paid, "20,50")
    asked = refund_id(done)
    assert "Booked: 20.50" in mary.get(done.location).text
    page = mary.page(f"/refunds/{asked}")
    assert "20.50 € went back" in page.text("strong")
    assert "It was paid by bank transfer" in page.text("span")
    assert "RO-1" in page.text("dd")
    assert portal.system.status(paid) == "partially_refunded"
    assert "by bank transfer" in mary.page(f"/invoices/{paid}").text("ol")
    assert "RO-1" in mary.post("/refunds/exports", {"q": str(paid)}).text


def test_the_same_form_sent_again_books_once(portal: Portal, mary: Browser, paid: int) -> None:
    shown = mary.get(f"/invoices/{paid}/outside-refunds/new").text
    key = {"key": value(shown, "key")}
    first, again = (record(mary, paid, "20", **key) for _ in range(2))
    assert first.location == again.location
    assert "sent already" in mary.get(again.location).text
    assert count(portal, paid) == 1


def test_a_transfer_that_is_booked_is_found_before_it_is_booked_again(portal: Portal, mary: Browser, paid: int) -> None:
    refund_id(record(mary, paid, "20"))
    again = record(mary, paid, "20")
    assert again.status_code == 409
    assert 'href="#bank_reference"' in again.text
    assert "in the books already" in Page(again.text).text("li")
    assert count(portal, paid) == 1


def test_the_form_changed_after_it_was_sent_is_no_second_booking(portal: Portal, mary: Browser, paid: int) -> None:
    shown = mary.get(f"/invoices/{paid}/outside-refunds/new").text
    key = {"key": value(shown, "key")}
    refund_id(record(mary, paid, "20", **key))
    again = record(mary, paid, "30", "RO-2", **key)
    assert again.status_code == 409
    assert "something else in it" in Page(again.text).text("li")
    assert count(portal, paid) == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"amount": "120.01"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"payment": "x"}, "payment"),
        ({"payment": "9" * 30}, "payment"),
        ({"day": ""}, "day"),
        ({"day": "31.12.2026"}, "day"),
        ({"day": day(1)}, "day"),
        ({"day": day(-1)}, "day"),
        ({"day": "9999-99-99"}, "day"),
        ({"bank_reference": ""}, "bank_reference"),
        ({"bank_reference": "x" * 101}, "bank_reference"),
        ({"bank_reference": "\x00"}, "bank_reference"),
        ({"reason": " "}, "reason"),
        ({"key": "../../etc"}, "key"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    portal: Portal, mary: Browser, paid: int, more: dict[str, str], field: str
) -> None:
    answer = record(mary, paid, **more)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text or field in answer.text
    assert count(portal, paid) == 0


def test_above_the_limit_somebody_else_agrees_and_sees_the_transfer(portal: Portal, mary: Browser, paid: int) -> None:
    portal.system.sql("update setting set value = '100' where code = 'refund_approval_above'")
    done = record(mary, paid, "120", f"RO-{SCRIPT}")
    asked = refund_id(done)
    assert "booked once a second person agrees" in mary.get(done.location).text
    assert portal.system.status(paid) == "paid"
    jaan = second(portal)
    shown = jaan.get(f"/approvals/new?refund={asked}&decision=approve").text
    assert "Bank transfer of" in shown
    assert "booked at once" in shown
    assert SCRIPT not in shown
    assert jaan.post("/approvals", {"refund": str(asked), "decision": "approve", "reason": "seen"}).status_code == 303
    assert portal.system.status(paid) == "refunded"
    assert SCRIPT not in jaan.get(f"/refunds/{asked}").text


def test_what_was_recorded_by_mistake_is_withdrawn(portal: Portal, mary: Browser, paid: int) -> None:
    portal.system.sql("update setting set value = '100' where code = 'refund_approval_above'")
    asked = refund_id(record(mary, paid))
    assert "is not booked" in mary.page(f"/refunds/{asked}/withdrawals/new").text("p")
    assert mary.post(f"/refunds/{asked}/withdrawals", {"reason": "the wrong invoice"}).status_code == 303
    assert "were not booked" in mary.page(f"/refunds/{asked}").text("strong")
    assert portal.system.status(paid) == "paid"


def test_an_unpaid_invoice_has_no_transfer_to_record(portal: Portal, mary: Browser) -> None:
    number = portal.system.invoice()
    page = mary.page(f"/invoices/{number}/outside-refunds/new")
    assert "Nothing of this invoice" in page.text("strong")
    assert mary.get("/invoices/999999/outside-refunds/new").status_code == 404
