"""What came from outside, and processing it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.page import Page
from tests.web.test_deliveries import decide, form

if TYPE_CHECKING:
    from tests.system import System
    from tests.web.browser import Browser, Portal

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def paid(shared_portal: Portal) -> tuple[int, str]:
    """Return an invoice that was paid, and the gateway's reference."""
    return shared_portal.system.settle()


@pytest.fixture
def system(portal: Portal, paid: Any) -> System:
    return portal.system


def hear(system: System, kind: str, reference: str = "strangersreference01", raw: str = "a=1") -> int:
    system.sql(
        "insert into inbox (source, kind, external_id, raw, headers, peer, handled_at, outcome)"
        " values ('everypay', :kind, :reference, :raw, '{}', '192.0.2.7', now(), 'unknown there')",
        kind=kind,
        reference=reference,
        raw=raw,
    )
    return int(system.scalar("select max(id) from inbox"))


def shown(html: str) -> set[str]:
    return {str(link) for link in Page(html).links() if str(link).removeprefix("/inbox/").isdigit()}


def test_a_callback_is_listed_with_what_became_of_it(system: System, mary: Browser, paid: tuple[int, str]) -> None:
    page = mary.page(f"/inbox?q={paid[1]}")
    assert "Looked into" in page.text("tbody")
    assert "What the gateway said was taken over" in page.text("tbody")
    assert f"/invoices/{paid[0]}" in page.links()


def test_messages_are_found_by_invoice_kind_and_state(system: System, mary: Browser, paid: tuple[int, str]) -> None:
    stranger = f"/inbox/{hear(system, 'refund_failed')}"
    assert stranger not in shown(mary.get(f"/inbox?q={paid[0]}").text)
    assert shown(mary.get(f"/inbox?q={paid[0]}").text)
    assert shown(mary.get("/inbox?state=stranger&kind=refund_failed").text) == {stranger}
    assert stranger not in shown(mary.get("/inbox?state=handled").text)
    assert not shown(mary.get("/inbox?q=1").text)


def test_a_message_shows_what_came_with_people_covered(system: System, mary: Browser) -> None:
    message = hear(system, SCRIPT, raw=f'{{"email": "mari@example.test", "x": "{SCRIPT}"}}')
    html = mary.get(f"/inbox/{message}").text
    assert "mari@example.test" not in html
    assert SCRIPT not in html
    assert "192.0.2.7" not in html
    assert SCRIPT not in mary.get("/inbox").text


def test_xml_is_shown_over_several_lines_and_covered(system: System, mary: Browser) -> None:
    people = "<Name>Mari Maasikas</Name><Iban>EE382200221020145685</Iban>"
    xml = f'<?xml version="1.0"?><Doc Email="a@b.ee" N="1"><a/><Party>{people}</Party><Sum>12.00</Sum></Doc>'
    html = mary.get(f"/inbox/{hear(system, 'statement', raw=xml)}").text
    assert "Maasikas" not in html
    assert "EE382200221020145685" not in html
    assert "\n    &lt;Name&gt;M•••&lt;/Name&gt;" in html
    assert "a@b.ee" not in html
    assert "\n  &lt;Sum&gt;12.00&lt;/Sum&gt;" in html


def test_processing_again_fetches_the_facts_and_believes_nothing(
    system: System, mary: Browser, paid: tuple[int, str]
) -> None:
    number, reference = paid
    message = system.scalar("select max(id) from inbox where external_id = :reference", reference=reference)
    books = system.scalar("select count(*) from ledger_entry")
    assert decide(mary, f"/inbox/{message}/looks/new").location == f"/inbox/{message}"
    system.drain()
    assert system.scalar("select count(*) from ledger_entry") == books
    assert system.status(number) == "paid"
    assert system.scalar("select dirty_seq = clean_seq from gateway_reference where external_id = :r", r=reference)
    assert "A look at the gateway was asked for" in mary.get(f"/invoices/{number}").text


def test_the_same_form_twice_asks_once(system: System, mary: Browser, paid: tuple[int, str]) -> None:
    message = system.scalar("select max(id) from inbox where external_id = :reference", reference=paid[1])
    asked = form(mary.get(f"/inbox/{message}/looks/new").text)
    action = asked.pop("action")
    before = system.scalar("select dirty_seq from gateway_reference where external_id = :r", r=paid[1])
    for _ in range(2):
        assert mary.post(action, asked | {"reason": "payer called"}).status_code == 303
    assert system.scalar("select dirty_seq from gateway_reference where external_id = :r", r=paid[1]) == before + 1


@pytest.mark.parametrize(("code", "words"), [("refund_failed", "Refund not possible"), ("of_tomorrow", "of_tomorrow")])
def test_what_a_message_is_about_is_said_in_words(own_portal: Portal, own_mary: Browser, code: str, words: str) -> None:
    message = hear(own_portal.system, code, "0" * 64)
    rows, page = own_mary.get("/inbox").text, own_mary.get(f"/inbox/{message}").text
    assert f'<td class="quiet name minor spare">{words}</td>' in rows
    assert (words in page, code in page) == (True, True)


def test_what_processing_would_change_is_shown_before_it_does(own_portal: Portal, own_mary: Browser) -> None:
    """Of a callback that was lost nothing is booked yet; of one that was heard nothing would change any more."""
    system = own_portal.system
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    message = hear(system, "status_updated", reference)
    counted = {table: system.scalar(f"select count(*) from {table}") for table in ("event", "ledger_entry", "outbox")}

    asked = own_mary.page(f"/inbox/{message}/looks/new").text("main")

    for words in ("Waiting for the payer → Received", f"Invoice {number}", "→ Paid", "Payment notice: Domain registry"):
        assert words in asked
    assert {table: system.scalar(f"select count(*) from {table}") for table in counted} == counted
    assert system.status(number) == "pending"

    assert decide(own_mary, f"/inbox/{message}/looks/new").location == f"/inbox/{message}"
    system.drain()
    assert system.status(number) == "paid"
    assert "nothing would change" in own_mary.page(f"/inbox/{message}/looks/new").text("main")


def test_a_gateway_that_cannot_be_asked_keeps_nobody_from_asking_later(own_portal: Portal, own_mary: Browser) -> None:
    system = own_portal.system
    message = hear(system, "status_updated", system.one_off(system.invoice()))
    system.everypay.test_client().put(
        "/_sim/faults", json=[{"operation": "fetch", "kind": "http", "status": 500, "times": 5}]
    )
    asked = own_mary.page(f"/inbox/{message}/looks/new").text("main")
    assert "could not be asked just now" in asked
    assert "Process again" in asked


def test_what_the_gateway_never_heard_of_changes_nothing(system: System, mary: Browser) -> None:
    message = hear(system, "status_updated", "0" * 64)
    assert "does not know it" in mary.page(f"/inbox/{message}/looks/new").text("main")


def test_what_is_not_there_is_not_found(system: System, mary: Browser) -> None:
    assert mary.get("/inbox/999999999").status_code == 404
    assert mary.get("/inbox/999999999/looks/new").status_code == 404
    assert mary.get("/inbox?after=%00&q=%00&kind=%00&state=%00").status_code == 200
