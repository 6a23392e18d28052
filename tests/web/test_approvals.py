"""Two people: who asks never agrees, who is second learns who was first, and one agreement is one refund."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import Conflict
from app.extensions import db
from app.services import refunds
from app.services.timeline import Actor
from tests.web.desks import SCRIPT, ask, refund_id, second
from tests.web.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal


@pytest.fixture
def portal(portal: Portal) -> Iterator[Portal]:
    portal.system.sql("update setting set value = '1000' where code = 'refund_approval_above'")
    yield portal
    portal.system.sql("update setting set value = '50000' where code = 'refund_approval_above'")
    portal.system.sql("update refund set status = 'cancelled' where status = 'pending_approval'")


@pytest.fixture
def waiting(portal: Portal, mary: Browser) -> int:
    return refund_id(ask(mary, portal.system.settle()[0], "120"))


def status(portal: Portal, refund: int) -> str:
    return str(portal.system.scalar("select status from refund where id = :i", i=refund))


def told(portal: Portal, refund: int, kind: str = "refund.approved") -> int:
    question = "select count(*) from event where kind = :k and (data->>'refund')::bigint = :i"
    return int(portal.system.scalar(question, k=kind, i=refund))


def decide(browser: Browser, *ids: int, decision: str = "approve", reason: str = "looked at both") -> int:
    sent = {"refund": [str(each) for each in ids], "decision": decision, "reason": reason}
    return browser.post("/approvals", sent).status_code


def test_one_person_asks_and_another_agrees(portal: Portal, mary: Browser, waiting: int) -> None:
    assert "120.00 € wait for a second person" in mary.page(f"/refunds/{waiting}").text("strong")
    jaan = second(portal)
    assert "1 refund of 120.00" in jaan.page("/approvals").text("p")
    asked = jaan.page(f"/approvals/new?refund={waiting}&decision=approve")
    assert "Let 120.00 € go back?" in asked.text("h2")
    assert decide(jaan, waiting) == 303
    portal.system.drain()
    page = mary.page(f"/refunds/{waiting}")
    assert "went back" in page.text("strong")
    assert "looked at both" in page.text("ol")
    assert "Nothing waits" in jaan.page("/approvals").text("h2")


def test_who_asked_cannot_agree_by_any_way(portal: Portal, mary: Browser, waiting: int) -> None:
    page = mary.page("/approvals")
    assert not any(named.get("name") == "refund" for _tag, named in page.elements)
    answer = mary.post("/approvals", {"refund": str(waiting), "decision": "approve", "reason": "my own one"})
    assert answer.status_code == 409
    assert "You asked for it" in Page(answer.text).text("td")
    assert status(portal, waiting) == "pending_approval"
    with portal.system.app.app_context(), pytest.raises(Exception, match="without a second person"):
        portal.system.sql("update refund set status = 'requested' where id = :i", i=waiting)


def test_who_asked_for_all_is_told_so_instead_of_being_offered_to_agree(
    portal: Portal, mary: Browser, waiting: int
) -> None:
    assert waiting
    own, others = mary.get("/approvals").text, second(portal).get("/approvals").text
    assert "Agree to the chosen…" in others
    assert "Agree to the chosen…" not in own
    assert "somebody else must agree" in own


def test_who_agreed_cannot_be_changed_afterwards(portal: Portal, waiting: int) -> None:
    assert decide(second(portal), waiting) == 303
    with pytest.raises(Exception, match="who agreed is fixed"):
        portal.system.sql("update refund set approved_by = 'operator:77' where id = :i", i=waiting)


def test_the_second_of_two_learns_who_was_first(portal: Portal, waiting: int) -> None:
    jaan = second(portal)
    with portal.system.app.app_context():
        refunds.reject(waiting, actor=Actor("operator", "4711"), reason="not ours")
    answer = jaan.post("/approvals", {"refund": str(waiting), "decision": "approve", "reason": "seems right"})
    assert answer.status_code == 409
    assert "operator 4711 did not agree to it" in Page(answer.text).text("td")
    assert "you changed nothing" in answer.text
    assert told(portal, waiting) == 0


def test_a_double_click_agrees_once_and_says_nothing_of_a_conflict(portal: Portal, waiting: int) -> None:
    jaan = second(portal)
    assert [decide(jaan, waiting), decide(jaan, waiting)] == [303, 303]
    assert told(portal, waiting) == 1


def test_twenty_at_once_agree_once(portal: Portal, waiting: int) -> None:
    gate = Barrier(20)

    def agree(who: int) -> bool:
        with portal.system.app.app_context():
            gate.wait()
            try:
                refunds.approve(waiting, actor=Actor("operator", f"{9000 + who}"), reason="all at once")
            except Conflict:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(agree, range(20))) == 1
    assert told(portal, waiting) == 1
    owed = "select count(*) from outbox where kind = 'gateway.refund.execute' and dedupe_key = :k"
    assert portal.system.scalar(owed, k=f"refund:{waiting}") == 1
    portal.system.drain()
    assert status(portal, waiting) == "succeeded"


def test_several_are_decided_together_with_their_sum_before(portal: Portal, mary: Browser, waiting: int) -> None:
    other = refund_id(ask(mary, portal.system.settle()[0], "20.50"))
    jaan = second(portal)
    asked = jaan.page(f"/approvals/new?refund={waiting}&refund={other}&decision=reject")
    assert "Stop 140.50 € from going back?" in asked.text("h2")
    assert decide(jaan, waiting, other, decision="reject", reason="wrong payer") == 303
    assert [status(portal, each) for each in (waiting, other)] == ["cancelled", "cancelled"]
    assert "140.50" in jaan.get("/approvals").text
    assert "wrong payer" in mary.page(f"/refunds/{other}").text("span")
    answer = jaan.post("/approvals", {"refund": [str(waiting)], "decision": "approve", "reason": "after all"})
    assert answer.status_code == 409


def test_without_a_choice_or_a_reason_nothing_is_decided(portal: Portal, waiting: int) -> None:
    jaan = second(portal)
    assert decide(jaan, waiting, reason=" ") == 422
    assert decide(jaan) == 422
    for odd in ("refund=x", "refund=99999999999999999999", "refund=-1", "decision=%00", ""):
        assert jaan.get(f"/approvals/new?{odd}").status_code == 200
    assert jaan.post("/approvals", {"refund": "999999", "reason": "none of ours"}).status_code == 422
    assert status(portal, waiting) == "pending_approval"


def test_a_script_in_a_reason_is_text_in_the_queue(portal: Portal, mary: Browser) -> None:
    asked = refund_id(ask(mary, portal.system.settle()[0], "11", reason=SCRIPT))
    jaan = second(portal)
    for page in ("/approvals", f"/approvals/new?refund={asked}", f"/refunds/{asked}"):
        assert SCRIPT not in jaan.get(page).text
    assert decide(jaan, asked, reason=SCRIPT) == 303
    assert SCRIPT not in mary.get(f"/refunds/{asked}").text
