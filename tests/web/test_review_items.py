"""Questions in the portal: whose they are, their evidence, the ways on, and that each is decided once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.services import reviews
from app.uow import transaction
from app.web.actor_words import by_whom
from app.web.review_item_words import FAMILIES, KINDS, review_item_word
from tests.services.test_changed_amounts import opened
from tests.services.test_competing_attempts import hear
from tests.services.test_payer_credits import paid_twice
from tests.web.desks import SCRIPT, actor, payment_of, second

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal

KEY = "k" * 20


@pytest.fixture
def portal(portal: Portal) -> Iterator[Portal]:
    yield portal
    portal.system.sql("update review_item set resolved_at = now(), resolution = 'swept' where resolved_at is null")


def ask(
    portal: Portal, kind: str = "payment.differs", sentence: str = "everypay says settled: less", **more: int
) -> int:
    """Ask a question about a paid invoice and return its number."""
    number, _reference = portal.system.settle()
    system = portal.system
    invoice = int(system.scalar("select id from invoice where number = :n", n=number))
    with system.app.app_context(), transaction():
        reviews.ask(
            kind,
            f"test:{number}",
            sentence,
            invoice_id=invoice,
            payment_id=payment_of(system, number),
            tenant_id=1,
            evidence={"account": SCRIPT, "ours": {"amount": "1.00"}, "theirs": {"amount": "2.00"}} | more,
        )
    return int(system.scalar("select max(id) from review_item"))


def decide(browser: Browser, item: int, choice: str = "done", reason: str = "looked it up") -> str:
    answer = browser.post(f"/questions/{item}/decisions", {"choice": choice, "reason": reason, "key": KEY})
    return f"{answer.status_code} {answer.location}"


def test_a_question_shows_its_evidence_and_every_way_on(portal: Portal, mary: Browser) -> None:
    item = ask(portal)
    assert f"/questions/{item}" in mary.page("/questions?about=payment.").links()
    page = mary.page(f"/questions/{item}")
    assert "EveryPay says settled: less" in page.text("strong")
    assert "1.00" in page.text("td")
    assert "2.00" in page.text("td")
    assert SCRIPT not in mary.get(f"/questions/{item}").text
    assert {f"/questions/{item}/looks/new", f"/questions/{item}/decisions/new?choice=done"} <= set(page.links())
    assert "nothing is booked or sent" in page.text("td")


def test_it_is_decided_once_with_a_reason(portal: Portal, mary: Browser) -> None:
    item = ask(portal)
    assert decide(mary, item, reason="").startswith("422")
    assert decide(mary, item, choice="evil").startswith("404")
    assert decide(mary, item) == "303 /questions"
    jaan = second(portal, "finance")
    assert decide(jaan, item, "nothing", "me too") == f"303 /questions/{item}"
    page = jaan.page(f"/questions/{item}")
    assert "taken care of elsewhere: looked it up" in page.text("strong")
    assert f"/questions/{item}" in mary.page("/questions?decided=1").links()
    assert portal.system.scalar("select count(*) from event where kind = 'review.item.resolved' "
                                "and (data->>'item')::bigint = :i", i=item) == 1  # fmt: skip


def test_money_of_an_older_link_is_booked_from_its_question(portal: Portal, mary: Browser) -> None:
    system = portal.system
    number = system.invoice()
    older = str(system.scalar("select payment_link from invoice where number = :n", n=number))
    body = {"invoice_number": number, "transaction_amount": "100.00"}
    assert system.call("registry", "/invoice/update_invoice_data", body, method="PATCH").status_code == 200
    hear(system, opened(system, number, older))
    item = system.scalar("select id from review_item where kind = 'payment.differs' order by id desc limit 1")
    way = f"/questions/{item}/decisions/new?choice=count"
    assert way in mary.page(f"/questions/{item}").links()
    assert "becomes the payer" in mary.get(way).text
    assert decide(mary, item, "count", "asked Jaan") == "303 /questions"
    system.drain()
    assert system.status(number) == "paid"
    assert "booked as it came: asked Jaan" in mary.page(f"/questions/{item}").text("strong")
    other = ask(portal)
    assert f"/questions/{other}/decisions/new?choice=count" not in mary.page(f"/questions/{other}").links()
    assert decide(mary, other, "count").startswith("409")


def test_it_is_taken_and_handed_on(portal: Portal, mary: Browser) -> None:
    item = ask(portal)
    jaan = second(portal, "finance")
    assert mary.post(f"/questions/{item}/owners", {"seen": "finance"}).status_code == 303
    jaan.post(f"/questions/{item}/owners", {"seen": "finance"})
    assert "Somebody else was faster" in jaan.get(f"/questions/{item}").text
    assert f"/questions/{item}" in mary.page("/questions?whose=mine").links()
    assert f"/questions/{item}" not in jaan.page("/questions?whose=mine").links()
    to = str(actor(portal, "EE38001085718"))
    assert to in mary.get(f"/questions/{item}/handovers/new").text
    sent = {"to": to, "reason": "knows the payer"}
    assert mary.post(f"/questions/{item}/handovers", sent | {"to": "operator:0"}).status_code == 422
    assert mary.post(f"/questions/{item}/handovers", sent | {"reason": ""}).status_code == 422
    assert mary.post(f"/questions/{item}/handovers", sent).status_code == 303
    assert f"/questions/{item}" in jaan.page("/questions?whose=mine").links()
    assert "knows the payer" in jaan.page(f"/questions/{item}").text("ol")


def test_the_gateway_is_asked_again_and_the_question_stays(portal: Portal, mary: Browser) -> None:
    item = ask(portal)
    before = portal.system.scalar("select sum(dirty_seq) from gateway_reference")
    answer = mary.post(f"/questions/{item}/looks", {"reason": "it may have changed", "key": KEY})
    assert answer.status_code == 303
    assert portal.system.scalar("select sum(dirty_seq) from gateway_reference") == before + 1
    portal.system.drain()
    assert portal.system.scalar("select resolved_at from review_item where id = :i", i=item) is None
    assert mary.get(f"/questions/{item}/looks/new").status_code == 200


def test_what_was_paid_twice_leads_to_its_desk_and_is_answered_there(portal: Portal, mary: Browser) -> None:
    surplus, _number, _reference = paid_twice(portal.system)
    item = portal.system.scalar("select id from review_item where kind = 'payment.surplus' order by id desc limit 1")
    assert f"/credits/{surplus}" in mary.page(f"/questions/{item}").links()
    mary.post(f"/credits/{surplus}/refunds", {"key": KEY, "amount": "10000", "reason": "paid twice"})
    portal.system.drain()
    assert portal.system.scalar("select resolution from review_item where id = :i", i=item) == "given back"


def test_a_sentence_names_the_person_it_speaks_of(portal: Portal, mary: Browser) -> None:
    item = ask(portal, sentence=f"{actor(portal)} asks to give 1.00 EUR back")
    for page in ("/questions", f"/questions/{item}"):
        assert "Mary Änn" in mary.get(page).text.split("asks to give 1.00")[0][-60:]


def test_a_reported_dispute_leads_to_opening_it(portal: Portal, mary: Browser) -> None:
    item = ask(portal, "dispute.reported", "look it up")
    links = mary.page(f"/questions/{item}").links()
    assert any(link.endswith("/disputes/new") for link in links)
    viewer = second(portal, "viewer")
    assert not [link for link in viewer.page(f"/questions/{item}").links() if link.endswith(("/new", "choice=done"))]
    assert viewer.post(f"/questions/{item}/owners").status_code == 403


def test_what_cannot_be_is_refused(portal: Portal, mary: Browser) -> None:
    assert mary.get("/questions/999999").status_code == 404
    assert mary.post("/questions/999999/owners").status_code == 404
    for odd in ("about=x", "whose=evil", "decided=%00", "after=zz"):
        assert mary.get(f"/questions?{odd}").status_code == 200
    item = ask(portal, sentence=SCRIPT)
    for page in ("/questions", f"/questions/{item}", f"/questions/{item}/handovers/new"):
        assert SCRIPT not in mary.get(page).text


def test_more_than_a_page_goes_on_by_key_in_both_orders(portal: Portal, mary: Browser) -> None:
    portal.system.sql(
        "insert into review_item (kind, dedupe_key, sentence, resolved_at, resolution) "
        "select 'webhook.test', 'many:' || n, 'many', case when n > 60 then now() end, 'x' "
        "from generate_series(1, 120) n"
    )
    for query in ("about=webhook.", "about=webhook.&decided=1"):
        more = next(
            link for link in mary.page(f"/questions?{query}").links() if "after=" in link and "lang" not in link
        )
        assert mary.fragment(more).text.count("data-row ") == 10


def test_every_kind_has_words() -> None:
    assert review_item_word("difference.clock") == str(KINDS["difference."])
    assert review_item_word("refund.failed_late") == str(KINDS["refund.failed_late"])
    assert review_item_word("unheard.of") == "unheard.of"
    assert [by_whom(each, {"operator:1": "Mary"}) for each in ("operator:1", "gateway:everypay", "old", None)] == [
        "Mary",
        "EveryPay",
        "old",
        "",
    ]


def test_every_kind_of_question_has_words_and_a_family_to_filter_by() -> None:
    source = "\n".join(each.read_text() for each in Path("app/services").glob("*.py"))
    kinds = set(re.findall(r'(?:reviews\.ask\(|ask_about\([^"]*?|QUESTION = )\s*f?"([a-z_]+\.[a-z_]*)', source))
    assert {"payment.differs", "status.unclear", "payment.surplus", "outbox.dead", "difference."} <= kinds
    assert [kind for kind in kinds if not kind.startswith(tuple(KINDS))] == []
    assert [kind for kind in kinds if not kind.startswith(tuple(FAMILIES))] == []
