"""Credit notes, links and words of an invoice by the portal's forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from app.extensions import db
from app.queries import one_invoice
from app.services import proofs
from tests.web.page import Page

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.web.browser import Browser

HOSTILE = '"><script>alert(1)</script>{{7*7}}'
KEYS = iter(range(10**6))


def link(mary: Browser, **more: str) -> TestResponse:
    form = {
        "key": f"key-of-a-link-form-{next(KEYS):06}",
        "amount": "124,00",
        "description": "Prepaid balance",
        "name": "Tuulik AS",
        "email": "tuulik@example.ee",
    }
    return mary.post("/payment_links", form | more)


def issued(mary: Browser, **more: str) -> int:
    answer = link(mary, **more)
    assert answer.status_code == 303, Page(answer.text).text("main")
    return int(answer.location.rpartition("/")[2])


def credit(mary: Browser, number: int, amount: str, **more: str) -> TestResponse:
    form = {"key": f"key-of-a-credit-form-{next(KEYS):06}", "line-1": amount, "reason": "agreed with the payer"}
    return mary.post(f"/invoices/{number}/credit_notes", form | more)


def test_a_payment_link_is_an_invoice_of_our_own_at_once(mary: Browser) -> None:
    assert mary.page("/payment_links/new").text("h1") == "Payment link"
    number = issued(
        mary,
    )
    system = mary.portal.system
    found = system.rows(
        "select i.*, n.code from invoice i join initiator n on n.id = i.initiator_id where number = :n", n=number
    )[0]
    assert (found.kind, found.code, found.status, found.total_minor) == ("linkpay", "billing_system", "unpaid", 12400)
    page = mary.get(f"/invoices/{number}").text
    assert "transaction_amount=124.00" in page
    assert "copy it and send it to the payer" in page


def test_a_link_form_sent_twice_makes_one_invoice(mary: Browser) -> None:
    key = "k" * 24
    assert link(mary, key=key).location == link(mary, key=key).location


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "1e9"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"description": ""}, "description"),
        ({"name": "x" * 300}, "name"),
        ({"email": "nobody"}, "email"),
        ({"reference_number": "124"}, "reference_number"),
        ({"description": "a\x07b"}, "description"),
    ],
)
def test_a_link_that_cannot_be_names_its_field(mary: Browser, more: dict[str, str], field: str) -> None:
    answer = link(mary, **more)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_a_credit_note_is_counted_first_and_issued_when_its_sum_was_seen(mary: Browser) -> None:
    number = issued(mary)
    assert "Tuulik AS" in mary.page(f"/invoices/{number}/credit_notes/new").text("h2")
    counted = credit(mary, number, "24.00")
    assert counted.status_code == 200
    assert "is not asked for any more" in counted.text
    assert "Issue the credit note over" in counted.text
    done = credit(mary, number, "24.00", counted="2400")
    note = mary.page(done.location)
    assert "Credit note" in note.text("h1")
    assert f"/invoices/{number}" in note.links()
    page = mary.page(f"/invoices/{number}")
    assert done.location in page.links()
    assert "Credited: 24.00" in page.text("ol").replace("\N{NO-BREAK SPACE}", " ")
    assert "by operator" in page.text("ol")
    assert "transaction_amount=100.00" in mary.get(f"/invoices/{number}").text
    with mary.portal.system.app.app_context():
        assert proofs.verify().holds
        db.session.remove()


def test_the_same_credit_form_twice_takes_back_once(mary: Browser) -> None:
    number = issued(mary)
    first = credit(mary, number, "10.00", counted="1000", key="z" * 24)
    again = credit(mary, number, "10.00", counted="1000", key="z" * 24)
    assert again.location == first.location
    assert "sent already" in mary.get(again.location).text
    assert mary.portal.system.scalar("select credited_minor from invoice where number = :n", n=number) == 1000


def test_a_paid_invoice_says_that_its_money_becomes_credit(mary: Browser) -> None:
    number, _reference = mary.portal.system.settle("registry")
    counted = credit(mary, number, "120.00")
    assert "becomes the payer" in counted.text
    assert credit(mary, number, "120.00", counted="12000").status_code == 303
    page = mary.page(f"/invoices/{number}").text("main")
    assert "Paid, then taken back by a credit note" in page
    assert "Refunded" in page


@pytest.mark.parametrize(
    ("amount", "more", "field"),
    [
        ("124.01", {}, "line-1"),
        ("x", {}, "line-1"),
        ("-1", {}, "line-1"),
        ("", {}, "lines"),
        ("1.00", {"reason": ""}, "reason"),
        ("1.00", {"reason": HOSTILE + "x" * 500}, "reason"),
    ],
)
def test_a_credit_that_cannot_be_names_its_field(mary: Browser, amount: str, more: dict[str, str], field: str) -> None:
    answer = credit(mary, issued(mary), amount, **({"counted": "100"} | more))
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "<script>alert" not in answer.text


def test_what_a_credit_note_freed_was_paid_once_and_not_again(mary: Browser) -> None:
    number, _reference = mary.portal.system.settle("registry")
    assert credit(mary, number, "120.00", counted="12000").status_code == 303
    of_invoice = "select s.id from surplus s join invoice i on i.id = s.invoice_id where i.number = :n"
    page = mary.page(f"/credits/{mary.portal.system.scalar(of_invoice, n=number)}")
    assert "Paid again" not in page.text("h2")
    assert "Paid" in page.text("h2")


def test_an_invoice_with_nothing_left_offers_no_credit_note_and_says_why(mary: Browser) -> None:
    paid, _reference = mary.portal.system.settle("registry")
    for number, whole, why in ((issued(mary), "124.00", "is cancelled"), (paid, "120.00", "taken back already")):
        offer = f"/invoices/{number}/credit_notes/new"
        assert offer in mary.page(f"/invoices/{number}").links()
        assert credit(mary, number, whole, counted=whole.replace(".", "")).status_code == 303
        assert offer not in mary.page(f"/invoices/{number}").links()
        page = mary.page(offer)
        assert why in page.text("strong")
        assert 'name="reason"' not in mary.get(offer).text


def test_an_invoice_that_takes_no_credit_note_says_why(mary: Browser) -> None:
    number = issued(mary)
    credit(mary, number, "124.00", counted="12400")
    assert mary.portal.system.status(number) == "cancelled"
    assert "takes no credit note" in mary.page(f"/invoices/{number}/credit_notes/new").text("main")
    assert credit(mary, number, "1.00", counted="100").status_code == 422
    assert mary.get("/credit_notes/1").status_code == 404
    assert mary.get("/invoices/1/credit_notes/new").status_code == 404


def edit(mary: Browser, number: int, **more: str) -> TestResponse:
    asked = mary.page(f"/invoices/{number}/edits/new")
    hidden = {
        str(f["name"]): str(f.get("value") or "") for tag, f in asked.elements if tag == "input" and f.get("name")
    }
    return mary.post(f"/invoices/{number}/edits", hidden | {"reason": "asked by the payer"} | more)


def test_description_and_notes_change_after_issue_and_the_trail_says_who_and_why(mary: Browser) -> None:
    number = issued(mary)
    assert edit(mary, number, description="Other words", internal_notes="Call\nthem").status_code == 303
    page = mary.page(f"/invoices/{number}")
    assert "Description changed" in page.text("ol")
    assert "asked by the payer" in page.text("ol")
    assert "Call" in page.text("main")
    assert edit(mary, number, description="Other words", internal_notes="Call\nthem").status_code == 303


def test_two_tabs_on_the_words_the_second_sees_the_firsts(mary: Browser) -> None:
    number = issued(mary)
    stale = {"seen_description": "Prepaid balance", "seen_notes": "", "reason": "second", "internal_notes": ""}
    edit(mary, number, description="First tab")
    second = mary.post(f"/invoices/{number}/edits", stale | {"description": "Second tab"})
    assert second.status_code == 409
    assert "Now it says: First tab" in second.text
    assert 'value="Second tab"' in second.text


@pytest.mark.parametrize("field", ["description", "internal_notes", "reason", "seen_description"])
def test_hostile_words_stay_words(mary: Browser, field: str) -> None:
    number = issued(mary)
    answer = edit(mary, number, **{"description": "d"} | {field: HOSTILE})
    shown = mary.get(answer.location) if answer.status_code == 303 else answer
    assert "<script>alert" not in shown.text


def test_the_page_asks_as_often_however_much_happened(mary: Browser) -> None:
    system = mary.portal.system
    poor, rich = issued(mary), issued(mary)
    for _turn in range(3):
        credit(mary, rich, "1.00", counted="100")
        edit(mary, rich, description=f"words {_turn}")
    with system.app.app_context():
        assert questions(poor) == questions(rich)


def questions(number: int) -> int:
    """Return how many questions the database is asked for the page of an invoice."""
    kept: list[str] = []

    def keep(*args: object) -> None:
        kept.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        one_invoice.detail(number)
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)
        db.session.remove()
    return len(kept)
