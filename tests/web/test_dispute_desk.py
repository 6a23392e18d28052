"""Disputes in the portal: deadlines, the effect of each step said before it is taken, and what it did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from time_machine import travel

from app.blueprints.disputes.forms import DisputeForm
from tests.web.desks import SCRIPT, second, value
from tests.web.page import Page

if TYPE_CHECKING:
    from app.services.refund_offers import RefundOffer
    from tests.web.browser import Browser, Portal


@pytest.fixture
def paid(portal: Portal) -> int:
    return portal.system.settle()[0]


def open_one(browser: Browser, number: int, days: int = 5, **more: str) -> int:
    shown = browser.get(f"/invoices/{number}/disputes/new").text
    due = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    form = {name: value(shown, name) for name in ("key", "payment")}
    sent = form | {"amount": "120.00", "due": due, "reason": "not as described"}
    answer = browser.post(f"/invoices/{number}/disputes", sent | more)
    assert answer.status_code == 303, answer.text
    return int(str(answer.location).rpartition("/")[2])


def step(browser: Browser, dispute: int, name: str, reason: str = "the portal says so") -> int:
    sent = {"step": name, "reason": reason, "key": "k" * 20}
    return browser.post(f"/disputes/{dispute}/steps", sent).status_code


def booked(portal: Portal, dispute: int) -> int:
    return int(
        portal.system.scalar(
            "select count(*) from ledger_transaction where dedupe_key like :k", k=f"dispute:{dispute}:%"
        )
    )


def test_a_dispute_is_opened_with_its_deadline_and_holds_the_money(portal: Portal, mary: Browser, paid: int) -> None:
    dispute = open_one(mary, paid)
    assert portal.system.status(paid) == "in_protest"
    assert f"/disputes/{dispute}" in mary.page("/disputes").links()
    page = mary.page(f"/disputes/{dispute}")
    assert "The payer's bank asks for 120.00 €" in page.text("strong")
    assert "days left" in page.text("span")
    assert "paid twice" not in mary.get(f"/invoices/{paid}/refunds/new").text
    assert "would pay it twice" in mary.page(f"/invoices/{paid}/refunds/new").text("span")


def test_each_step_says_its_effect_before(portal: Portal, mary: Browser, paid: int) -> None:
    dispute = open_one(mary, paid)
    lost = mary.page(f"/disputes/{dispute}/steps/new?step=accept")
    assert "debit Losses 120.00" in lost.text("p")
    assert "Nothing is booked" in mary.page(f"/disputes/{dispute}/steps/new?step=win").text("p")
    assert mary.get(f"/disputes/{dispute}/steps/new?step=evil").status_code == 404
    assert booked(portal, dispute) == 0


def test_evidence_then_defeat_then_victory_after_all(portal: Portal, mary: Browser, paid: int) -> None:
    dispute = open_one(mary, paid)
    assert step(mary, dispute, "evidence", "delivery note sent") == 303
    assert "delivery note sent" in mary.page(f"/disputes/{dispute}").text("ol")
    assert step(mary, dispute, "lose") == 303
    assert portal.system.status(paid) == "chargeback"
    assert "debit EveryPay clearing" in mary.page(f"/disputes/{dispute}/steps/new?step=win").text("p")
    assert step(mary, dispute, "win") == 303
    assert (portal.system.status(paid), booked(portal, dispute)) == ("paid", 2)
    assert f"/disputes/{dispute}" in mary.page("/disputes?ended=1").links()
    assert f"/disputes/{dispute}" not in mary.page("/disputes").links()


def test_a_second_click_or_another_tab_changes_nothing_twice(portal: Portal, mary: Browser, paid: int) -> None:
    dispute = open_one(mary, paid)
    assert [step(mary, dispute, "accept"), step(mary, dispute, "accept")] == [303, 303]
    assert "moved on in the meantime" in mary.get(f"/disputes/{dispute}").text
    assert booked(portal, dispute) == 1
    assert mary.get(f"/disputes/{dispute}/steps/new?step=close").text.count("not possible any more") == 1


def test_the_question_that_asked_for_it_is_answered_by_opening_it(portal: Portal, mary: Browser, paid: int) -> None:
    portal.system.sql(
        """insert into review_item (kind, dedupe_key, sentence, invoice_id, payment_id)
           select 'dispute.reported', 'test:' || p.id, 'look it up', p.invoice_id, p.id
             from payment p join invoice i on i.id = p.invoice_id where i.number = :n""",
        n=paid,
    )
    dispute = open_one(mary, paid)
    resolved = "select resolution from review_item where dedupe_key like 'test:%' and resolved_at is not null"
    assert portal.system.scalar(resolved) == f"dispute {dispute} opened"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"amount": "120.01"}, "amount"),
        ({"amount": "x"}, "amount"),
        ({"due": "31.12.2026"}, "due"),
        ({"due": "2026-02-30"}, "due"),
        ({"due": "2020-01-31"}, "due"),
        ({"reason": ""}, "reason"),
        ({"payment": "0"}, "payment"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(mary: Browser, paid: int, more: dict[str, str], field: str) -> None:
    shown = mary.get(f"/invoices/{paid}/disputes/new").text
    form = {name: value(shown, name) for name in ("key", "payment")}
    sent = form | {"amount": "1", "due": "", "reason": "because"}
    answer = mary.post(f"/invoices/{paid}/disputes", sent | more)
    assert answer.status_code == 422
    assert f"#{field}" in Page(answer.text).links()


def test_the_day_for_evidence_is_not_over_in_tallinn(portal: Portal) -> None:
    """Late on Sunday in Greenwich it is Monday in Tallinn."""
    offer = cast("RefundOffer", SimpleNamespace(parts=[]))
    with portal.system.app.test_request_context(), travel(datetime(2026, 11, 22, 22, 30, tzinfo=UTC), tick=False):
        faults = [
            DisputeForm.parse({"due": day, "key": "k" * 20}, offer).faults.get("due")
            for day in ("2026-11-22", "2026-11-23")
        ]
    assert faults == ["This day is over", None]


def test_a_double_click_opens_one_dispute_and_leads_to_it(mary: Browser, paid: int) -> None:
    assert f"/invoices/{paid}/disputes/new" in mary.page(f"/invoices/{paid}").links()
    shown = mary.get(f"/invoices/{paid}/disputes/new").text
    sent = {name: value(shown, name) for name in ("key", "payment", "amount")} | {"due": "", "reason": "because"}
    first, again = (mary.post(f"/invoices/{paid}/disputes", sent) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    another = mary.post(f"/invoices/{paid}/disputes", sent | {"key": "k" * 20})
    assert another.status_code == 422
    assert mary.post(f"/invoices/{paid}/disputes", sent | {"key": "short"}).status_code == 422


def test_a_script_is_text_and_what_is_not_there_is_not_found(mary: Browser, paid: int) -> None:
    dispute = open_one(mary, paid, reason=SCRIPT)
    assert step(mary, dispute, "close", SCRIPT) == 303
    for page in (f"/disputes/{dispute}", "/disputes?ended=1"):
        assert SCRIPT not in mary.get(page).text
    assert mary.get("/disputes/999999").status_code == 404
    assert mary.get("/disputes?after=zzz&ended=x").status_code == 200
    assert step(mary, dispute, "lose", "x") == 422


def test_who_only_looks_sees_no_steps(portal: Portal, mary: Browser, paid: int) -> None:
    dispute = open_one(mary, paid)
    viewer = second(portal, "viewer")
    assert "steps/new" not in viewer.get(f"/disputes/{dispute}").text
    assert step(viewer, dispute, "win") == 403
