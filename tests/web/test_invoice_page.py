"""One page tells the whole story of an invoice (issue 2, item 3)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from app.extensions import db
from app.queries import one_invoice
from app.services import inbox
from tests.web.desks import ask

if TYPE_CHECKING:
    from tests.system import System
    from tests.web.browser import Browser, Portal

XSS = """"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}${7*7}' hx-get="/logout" hx-trigger="load"""


def shown(mary: Browser, number: int) -> str:
    return mary.page(f"/invoices/{number}").text("main")


def test_a_paid_invoice_tells_everything_from_the_number_to_the_notice(mary: Browser) -> None:
    number, reference = mary.portal.system.settle()
    page = mary.page(f"/invoices/{number}")
    trail = page.text("ol")
    story = [
        "Domain registry was told",
        "Settled: 120.00\N{NO-BREAK SPACE}€ by card",
        "Booked: received",
        "EveryPay says settled",
        "Callback from EveryPay",
        "Payment page made at EveryPay",
        "Somebody began to pay",
        "Payment link made",
        "Invoice created",
    ]
    positions = [trail.find(" ".join(each.split())) for each in story]
    assert -1 not in positions, dict(zip(story, positions, strict=True))
    assert positions == sorted(positions)
    assert "answered 200 in" in trail
    assert "Paid in full by card on" in page.text("main")
    assert "has it. The books have it." in page.text("main")
    assert "balanced" in page.text("header")
    assert reference[:12] in page.text("dd")


def test_an_unpaid_invoice_says_so(mary: Browser) -> None:
    number = mary.portal.system.invoice()
    assert "Not paid yet: a payment link was made on" in shown(mary, number)


def test_an_open_page_at_the_gateway_counts_as_a_try(mary: Browser) -> None:
    system = mary.portal.system
    number = system.invoice()
    system.one_off(number)
    text = shown(mary, number)
    assert "Payment page made at EveryPay" in text
    assert "Waiting for the payer" in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("failed", "The last try to pay failed"),
        ("abandoned", "The last try to pay failed (abandoned)"),
        ("sent_for_processing", "Being paid at EveryPay since"),
        ("settled", "Paid in full by card on"),
    ],
)
def test_the_sentence_follows_what_the_gateway_says(mary: Browser, state: str, words: str) -> None:
    system = mary.portal.system
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference, state)
    system.callback(reference)
    system.drain()
    assert words in shown(mary, number)


def test_a_difference_waits_for_a_person_and_the_page_says_which(mary: Browser) -> None:
    system = mary.portal.system
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    fault = [{"operation": "fetch", "kind": "wrong_amount", "times": 5}]
    system.everypay.test_client().put("/_sim/faults", json=fault)
    system.callback(reference)
    system.drain()
    system.everypay.test_client().put("/_sim/faults", json=[])
    text = shown(mary, number)
    assert "it differs from what was asked: a person decides" in text
    assert "instead of 120.00" in text
    assert "A person must decide" in text


def test_money_given_back_is_told(mary: Browser) -> None:
    system = mary.portal.system
    number, reference = system.settle()
    system.pay(reference, "refunded", standing=0)
    system.callback(reference, "refunded")
    system.drain()
    text = shown(mary, number)
    assert "Given back: 120.00" in text


def test_callbacks_that_came_before_a_look_are_one_line_and_later_ones_another(mary: Browser) -> None:
    system = mary.portal.system
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    for _ in range(3):
        send(system, reference)
    system.drain()
    system.pay(reference, "refunded", standing=0)
    send(system, reference)
    system.drain()
    trail = mary.page(f"/invoices/{number}").text("ol")
    assert trail.count("Callback from EveryPay") == 2
    assert re.search(r"3 in \d\.\d s, taken as one", trail)


def send(system: System, reference: str) -> None:
    """Let a callback be kept without anybody looking into it yet."""
    with system.app.app_context():
        inbox.receive_callback(source="everypay", reference=reference, raw="", kind="status_updated")


def test_a_flood_of_callbacks_does_not_make_the_page_endless(mary: Browser) -> None:
    system = mary.portal.system
    number, reference = system.settle()
    system.sql(
        "insert into inbox (source, kind, external_id, raw, handled_at, created_at) "
        "select 'everypay', 'flood', :reference, '', now() + n * interval '1 s', now() + n * interval '1 s' "
        "from generate_series(1, 900) n",
        reference=reference,
    )
    assert mary.page(f"/invoices/{number}").text("ol").count("Callback from EveryPay") == 300


def test_a_notice_that_does_not_get_through_is_said(mary: Browser) -> None:
    system = mary.portal.system
    system.transports["registry"].app.test_client().put(
        "/_sim/faults", json=[{"operation": "*", "kind": "http", "times": 9}]
    )
    number, _reference = system.settle()
    text = shown(mary, number)
    system.transports["registry"].app.test_client().put("/_sim/faults", json=[])
    assert "has not been told yet" in text
    assert "Waiting" in text


def test_a_zero_invoice_needs_no_money(mary: Browser) -> None:
    assert "Nothing to pay: the amount is zero." in shown(mary, mary.portal.system.invoice(amount="0.00"))


def test_what_the_service_reports_is_named_as_its_report(mary: Browser) -> None:
    system = mary.portal.system
    number = system.invoice()
    answer = system.call(
        "registry", "/invoice/update_invoice_status", {"invoice_number": number, "status": "paid"}, method="PUT"
    )
    if answer.status_code == 404:
        answer = system.call(
            "registry", "/invoice_generator/invoice_status", {"invoice_number": number, "status": "paid"}
        )
    assert answer.status_code < 300, answer.text
    assert "Domain registry reported so on" in shown(mary, number)


@pytest.mark.parametrize(
    "path", ["/invoices/1", "/invoices/0", "/invoices/99999999999999999999999", "/invoices/x", "/invoices/-1"]
)
def test_what_is_not_there_is_not_found_in_words(mary: Browser, path: str) -> None:
    answer = mary.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_a_page_has_one_address(mary: Browser) -> None:
    number = mary.portal.system.invoice()
    full_width = "".join(chr(ord("\uff10") + int(digit)) for digit in str(number))
    assert [mary.get(f"/invoices/{each}").status_code for each in (number, f"0{number}", full_width)] == [200, 404, 404]


def test_words_of_strangers_stay_words(mary: Browser) -> None:
    system = mary.portal.system
    number = system.invoice()
    system.sql(
        "update invoice set customer_name = :xss, customer_email = :xss, description = :xss, reference_number = :xss, "
        "payment_link = :xss where number = :number",
        xss=XSS,
        number=number,
    )
    for path in (f"/invoices/{number}", "/invoices"):
        html = mary.get(path).text
        assert "<script>alert" not in html
        assert "<img" not in html
        assert ' hx-get="/logout"' not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_page_asks_the_database_the_same_number_of_questions_whatever_happened(portal: Portal) -> None:
    system = portal.system
    quiet = system.invoice()
    busy, reference = system.settle()
    for _ in range(5):
        system.callback(reference)
    system.drain()
    assert questions(system, busy) == questions(system, quiet) + 1 <= 12  # messages are only asked for about payments


def questions(system: System, number: int) -> int:
    """Return how many statements it takes to know everything about an invoice."""
    asked: list[str] = []
    with system.app.app_context():
        engine = db.engine

        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            asked.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            one_invoice.detail(number)
        finally:
            event.remove(engine, "before_cursor_execute", note)
            db.session.remove()
    return len(asked)


@pytest.mark.parametrize(
    ("lang", "words"), [("et", "Täielikult makstud (kaart) "), ("ru", "Оплачен полностью (карта) 2")]
)
def test_the_story_is_told_in_other_languages_too(mary: Browser, lang: str, words: str) -> None:
    number, _reference = mary.portal.system.settle()
    page = mary.page(f"/invoices/{number}?lang={lang}")
    assert words in page.text("main")
    assert "120,00" in page.text("main")
    mary.page("/invoices?lang=en")


def test_what_was_brought_along_is_told_as_such(mary: Browser) -> None:
    system = mary.portal.system
    rows = [{"invoice_number": 310_001, "transaction_amount": "5.00", "status": "paid"}]
    assert system.call("registry", "/import_data/invoice_data", rows).json["added"] == 1
    body = {"invoice_data": [{"number": 310_001, "invoice_lines": []}], "initiator": "registry"}
    assert system.call("registry", "/directo/directo", body).status_code == 201
    text = shown(mary, 310_001)
    assert "Brought along from the system before" in text
    assert "Document taken" in text
    assert "For the accounting system" in text


def test_a_reservation_that_was_given_up_is_told_with_its_names(mary: Browser) -> None:
    system = mary.portal.system
    number = system.invoice(
        custom_field2="business_registry", custom_field1="5e03f248-6", reserved_domain_names=["a.ee", "b.ee"]
    )
    path, body = "/invoice/reserved_domain_cancellation_statuses", {"domain_name": "a.ee", "token": "5e03f248-6"}
    assert system.call("registry", path, body, method="PATCH").status_code == 200
    text = shown(mary, number)
    assert "Reservation given up" in text
    assert "a.ee, b.ee" in text


def test_where_the_money_is_and_each_try_leads_to_its_raw_exchanges(mary: Browser) -> None:
    system = mary.portal.system
    number, reference = system.settle()
    page = mary.page(f"/invoices/{number}")
    assert "This invoice" in page.text("td")
    payment = system.scalar("select id from payment where external_id = :r", r=reference)
    assert "EIS Billing, as of 20" in page.text("p"), "a page on paper says of when it is, and for whom"
    raw = f"/invoices/{number}/exchanges?of=payment-{payment}"
    assert raw in page.links()
    said = mary.page(raw)
    assert "EveryPay called" in said.text("strong")
    assert "Payment notice" not in said.text("strong")
    assert f"/invoices/{number}/exchanges" in said.links()
    assert "Payment notice" in mary.page(f"/invoices/{number}/exchanges?of=nonsense").text("strong")
    delivery = system.scalar(
        "select min(o.id) from outbox o join invoice i on i.id = o.invoice_id"
        " where i.number = :n and o.kind like 'initiator.%'",
        n=number,
    )
    assert f"/deliveries/{delivery}" in page.links()


def test_documents_asked_for_are_shown_with_what_was_asked(mary: Browser) -> None:
    system = mary.portal.system
    number = system.invoice()
    assert "Documents" not in mary.page(f"/invoices/{number}").text("h2")
    system.sql(
        "insert into document (kind, initiator_id, invoice_id, number, payload, fingerprint)"
        " select 'e_invoice', initiator_id, id, number::text, cast(:said as json), 'x' from invoice where number = :n",
        n=number,
        said=json.dumps({"buyer_name": "Jaan Tamm", "text": XSS}),
    )
    page = mary.page(f"/invoices/{number}")
    assert "E-invoice" in page.text("tbody")
    assert "waits to be sent" in page.text("tbody")
    document = system.scalar("select max(id) from document")
    html = mary.get(f"/invoices/{number}/exchanges?of=document-{document}").text
    assert "asked for: E-invoice" in html
    assert "Jaan" not in html
    assert "<script>alert" not in html


def test_why_it_is_not_paid_is_asked_and_answered_on_its_page(mary: Browser) -> None:
    number = mary.portal.system.invoice()
    assert "Why is it not paid? " in mary.page(f"/invoices/{number}").text("span")
    paid, _reference = mary.portal.system.settle()
    assert "Why is it not paid?" not in mary.get(f"/invoices/{paid}").text


def test_a_question_and_a_day_are_told_in_the_language_and_a_person_by_name(mary: Browser) -> None:
    number = mary.portal.system.settle(amount="820.00")[0]
    assert ask(mary, number, "750").status_code == 303
    text = mary.page(f"/invoices/{number}?lang=et").text("main")
    mary.page("/invoices?lang=en")
    assert "Otsustab inimene: Tagasimakse ootab teist inimest." in text
    assert "Tagasimakse ootab teist inimest: Mary" in text
    assert "operator:" not in text
    assert re.search(r"makstud \(kaart\) \d\d\.\d\d\.20\d\d kell", text)
