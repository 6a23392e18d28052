"""A form sent after the session is over: kept for who wrote it, shown to nobody else, and sent by a button."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.web.conftest import PERSONA
from tests.web.desks import second, value

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

LUNCH = "update operator_session set last_seen_at = now() - interval '2 days' where ended_at is null"
LIVE = "select count(*) from operator_session where held_form is not null"
TYPED = {"description": "typed <script>before</script> lunch", "reason": "the name was wrong"}


def sent_after_lunch(portal: Portal, mary: Browser, **more: str) -> tuple[int, dict[str, list[str]]]:
    """Send a form after the session has ended; returns the invoice and what the way to the sign-in says."""
    number = portal.system.invoice()
    shown = mary.get(f"/invoices/{number}/edits/new").text
    hidden = {name: value(shown, name) for name in ("seen_description", "seen_notes")}
    token = value(shown, "csrf_token")
    portal.system.sql(LUNCH)
    answer = mary.post(f"/invoices/{number}/edits", {**hidden, **TYPED, "csrf_token": token, **more})
    assert answer.status_code == 303
    assert urlsplit(str(answer.location)).path == "/sign_in"
    assert "has ended" in mary.get(str(answer.location)).text
    return number, parse_qs(urlsplit(str(answer.location)).query)


def description(portal: Portal, number: int) -> str:
    return str(portal.system.scalar("select description from invoice where number = :n", n=number))


def test_it_waits_for_who_wrote_it_and_changes_nothing_by_itself(portal: Portal, mary: Browser) -> None:
    number, said = sent_after_lunch(portal, mary)
    assert said == {"ended": ["kept"], "next": ["/sign_in/held"]}
    assert mary.sign_in(PERSONA, said["next"][0]).location == "/sign_in/held"
    shown = mary.get("/sign_in/held").text
    assert "typed &lt;script&gt;before" in shown
    assert description(portal, number) != TYPED["description"]
    fields = {name: value(shown, name) for name in ("seen_description", "seen_notes", "description", "reason")}
    assert mary.post(f"/invoices/{number}/edits", fields).status_code == 303
    assert description(portal, number) == TYPED["description"]


def test_somebody_else_who_signs_in_there_sees_nothing_of_it(portal: Portal, mary: Browser) -> None:
    sent_after_lunch(portal, mary)
    second(portal)
    assert mary.sign_in("EE38001085718", "/sign_in/held").location == "/sign_in/held"
    assert "Nothing waits" in mary.get("/sign_in/held").text


def test_what_is_too_long_is_not_kept_and_that_is_said(portal: Portal, mary: Browser) -> None:
    before = portal.system.scalar(LIVE)
    _number, said = sent_after_lunch(portal, mary, internal_notes="x" * 60_000)
    assert said == {"ended": ["lost"]}
    assert portal.system.scalar(LIVE) == before


def test_a_session_that_was_ended_keeps_nothing(portal: Portal, mary: Browser) -> None:
    before = portal.system.scalar(LIVE)
    token = mary.token()
    portal.system.sql("update operator_session set ended_at = now(), ended_by = 'other' where ended_at is null")
    answer = mary.post("/people", {"name": "Somebody", "csrf_token": token})
    assert str(answer.location) == "/sign_in?ended=lost"
    assert portal.system.scalar(LIVE) == before


def test_a_form_of_another_site_is_refused_before_anything_is_kept(portal: Portal, mary: Browser) -> None:
    before = portal.system.scalar(LIVE)
    portal.system.sql(LUNCH)
    assert mary.client.post("/people", data={"name": "Somebody"}).status_code == 403
    assert portal.system.scalar(LIVE) == before


def test_sums_that_come_while_typing_lead_nobody_away(portal: Portal, mary: Browser) -> None:
    token = mary.token()
    portal.system.sql(LUNCH)
    answer = mary.post("/drafts/totals", {"rows": "1", "csrf_token": token}, HX_Request="true")
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer.headers
    assert answer.headers["HX-Reswap"] == "innerHTML"
    assert "what you typed is kept when you save it" in answer.text
