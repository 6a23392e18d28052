"""Signing in: one way in, and every way that must not lead in (security.md T41, T52 to T59)."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from limits.errors import StorageError

from app.integrations.tara import login
from app.services import white_list
from app.web.extensions import limiter

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

PERSONA = "EE60001019906"
LIVE = "select count(*) from operator_session where ended_at is null"


def away(*_: Any, **__: Any) -> bool:
    raise StorageError(ConnectionError("no Redis"))


def signed_in(browser: Browser) -> bool:
    return browser.get("/invoices").status_code == 200


def test_a_listed_person_gets_in_and_is_named(mary: Browser) -> None:
    assert "Mary Änn O'Connež-Šuslik" in mary.page("/invoices").text("strong")


def test_the_root_leads_to_signing_in_and_then_to_the_overview(stranger: Browser) -> None:
    assert stranger.get("/").location == "/sign_in"
    stranger.sign_in(PERSONA)
    assert stranger.get("/").location == "/overview"
    assert stranger.get("/sign_in").location == "/overview"


@pytest.mark.parametrize("subject", ["LT60001019906", "EE38001085718"])
def test_who_is_not_listed_exactly_stays_out(stranger: Browser, subject: str) -> None:
    answer = stranger.sign_in(subject)
    assert answer.status_code == 403
    assert "You are not on the list" in answer.text
    assert not signed_in(stranger)
    assert stranger.portal.system.scalar(LIVE) == 0


def test_a_weak_means_of_login_stays_out_even_when_listed(portal: Portal, stranger: Browser) -> None:
    with portal.system.app.app_context():
        white_list.add("EE47101010033")
    answer = stranger.sign_in("EE47101010033")
    assert answer.status_code == 403
    assert "not strong enough" in answer.text
    assert not signed_in(stranger)


def test_cancelling_says_so_and_leads_back(stranger: Browser) -> None:
    answer = stranger.sign_in(None)
    assert answer.status_code == 403
    assert "You cancelled the sign-in" in answer.text
    assert not signed_in(stranger)


@pytest.mark.parametrize(
    "fault", ["wrong_nonce", "wrong_aud", "wrong_iss", "expired", "no_acr", "bad_signature", "unknown_kid"]
)
def test_a_wrong_token_is_refused_in_words(portal: Portal, stranger: Browser, fault: str) -> None:
    portal.provider.token_fault = fault
    answer = stranger.sign_in(PERSONA)
    assert answer.status_code in {400, 403}
    assert "Nobody is signed in." in answer.text
    assert not signed_in(stranger)


@pytest.mark.parametrize(("skew_s", "is_refused"), [(80, False), (-50, False), (200, True), (-200, True)])
def test_a_clock_that_is_wrong_is_said_and_makes_no_token_live_longer(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch, skew_s: int, *, is_refused: bool
) -> None:
    """A token of TARA lives for forty seconds: a minute of skew is forgiven both ways, no more (security.md T88)."""
    monkeypatch.setattr(login, "time", SimpleNamespace(time=lambda: time.time() + skew_s))
    answer = stranger.sign_in(PERSONA)
    assert signed_in(stranger) is not is_refused
    assert ("Nobody is signed in." in answer.text) is is_refused


def test_a_code_of_another_browser_is_refused(portal: Portal, stranger: Browser) -> None:
    thief = portal.browser()
    thief.begin()
    answer = thief.get(stranger.choose(stranger.begin(), PERSONA))
    assert answer.status_code == 400
    assert not signed_in(thief)


def test_an_address_of_a_login_serves_once(stranger: Browser) -> None:
    address = stranger.choose(stranger.begin(), PERSONA)
    assert stranger.get(address).status_code == 303
    assert stranger.get(address).status_code == 400


@pytest.mark.parametrize("redis", ["there", "away"])
def test_a_kept_cookie_signs_nobody_in_again_even_if_the_service_takes_the_code_twice(
    portal: Portal, stranger: Browser, monkeypatch: pytest.MonkeyPatch, redis: str
) -> None:
    if redis == "away":
        monkeypatch.setattr(limiter.limiter, "hit", away)
    address = stranger.choose(stranger.begin(), PERSONA)
    flow, codes = stranger.cookie("flow"), dict(portal.provider.codes)
    assert flow
    assert stranger.get(address).status_code == 303
    portal.provider.codes.update(codes)
    thief = portal.browser()
    thief.client.set_cookie("flow", flow)
    assert thief.get(address).status_code == 400
    assert not signed_in(thief)
    assert portal.provider.codes == codes, "the code is not even exchanged"


@pytest.mark.parametrize(
    "query",
    ["", "?code=1", "?state=1&code=1", "?error=access_denied", "?error=server_error&state=x", "?code=%00&state=%ff"],
)
def test_a_made_up_way_back_is_refused_and_never_breaks(stranger: Browser, query: str) -> None:
    stranger.begin()
    assert stranger.get(f"/auth/tara/callback{query}").status_code in {400, 403}


def test_an_unreachable_login_service_is_said_and_not_a_fault_of_ours(portal: Portal, stranger: Browser) -> None:
    address = stranger.choose(stranger.begin(), PERSONA)
    portal.tara.test_client().put("/_sim/faults", json=[{"operation": "token", "kind": "http", "status": 503}])
    answer = stranger.get(address)
    assert answer.status_code == 503, answer.text
    assert "does not answer" in answer.text


@pytest.mark.parametrize("after", ["/invoices?q=15", "/sessions"])
def test_one_comes_back_to_the_page_one_wanted(stranger: Browser, after: str) -> None:
    wanted = stranger.get(after)
    assert wanted.status_code == 303
    page = stranger.page(str(wanted.location))
    start = next(link for link in page.links() if link.startswith("/auth/tara"))
    address = str(stranger.client.get(start).location)
    assert stranger.get(stranger.choose(address, PERSONA)).location == after


@pytest.mark.parametrize(
    "after",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_a_login_never_leads_to_another_host(stranger: Browser, after: str) -> None:
    response = stranger.client.get("/auth/tara", query_string={"next": after})
    answer = stranger.get(stranger.choose(str(response.location), PERSONA))
    assert answer.status_code == 303
    assert str(answer.location) in {"/overview", "/%09/evil.example"}


def test_a_login_makes_a_new_session_and_the_cookie_is_closed_to_scripts(stranger: Browser) -> None:
    stranger.client.set_cookie("sid", "chosen by somebody else")
    answer = stranger.sign_in(PERSONA)
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("sid="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert stranger.cookie("sid") != "chosen by somebody else"


def test_nothing_in_the_database_signs_anybody_in(mary: Browser) -> None:
    stolen = mary.portal.system.scalar("select encode(token_hash, 'hex') from operator_session where ended_at is null")
    thief = mary.portal.browser()
    thief.client.set_cookie("sid", stolen)
    assert not signed_in(thief)


def test_signing_out_ends_the_session_and_clears_the_browser(mary: Browser) -> None:
    token = mary.cookie("sid")
    answer = mary.post("/logout")
    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not signed_in(mary)
    mary.client.set_cookie("sid", str(token))
    assert not signed_in(mary)
    assert "You are signed out." in mary.get("/sign_in").text
    mary.post("/logout")
    system = mary.portal.system
    told = system.rows("select actor, data from event where kind = 'operator.session.ended'")
    session, operator = system.rows("select id, operator_id from operator_session order by id desc limit 1")[0]
    assert (str(operator), {"session": session}) in [tuple(each) for each in told]
    assert len([each for each in told if each.data == {"session": session}]) == 1


def test_removal_from_the_list_ends_the_session_at_once(portal: Portal, mary: Browser) -> None:
    with portal.system.app.app_context():
        white_list.revoke(PERSONA)
    assert not signed_in(mary)


def test_the_list_is_asked_each_time_whoever_changed_it(portal: Portal, mary: Browser) -> None:
    """T57: a code revoked by hand in the database signs out as well, though nobody ended the session."""
    assert signed_in(mary)
    portal.system.sql("update white_code set revoked_at = now() where subject = :subject", subject=PERSONA)
    assert not signed_in(mary)


def test_a_session_ends_when_nobody_uses_it_and_at_its_age(portal: Portal, mary: Browser) -> None:
    age = "update operator_session set last_seen_at = now() - cast(:idle as interval) where ended_at is null"
    portal.system.sql(age, idle="29 minutes")
    assert signed_in(mary)
    portal.system.sql(age, idle="31 minutes")
    assert not signed_in(mary)
    portal.system.sql(age, idle="0")
    assert signed_in(mary)
    portal.system.sql("update operator_session set expires_at = now() - interval '1 second' where ended_at is null")
    assert not signed_in(mary)


def test_a_fragment_is_never_shown_to_a_stranger(stranger: Browser) -> None:
    for path in ("/invoices", "/invoices/1", "/invoices/1/exchanges", "/sessions", "/sessions/1/revocations/new"):
        answer = stranger.fragment(path)
        assert answer.status_code == 401
        assert answer.data == b""
        assert answer.headers["HX-Redirect"].startswith("/sign_in?next=")
