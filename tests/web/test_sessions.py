"""One's own sessions, and the choices about the portal's looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.services import white_list
from app.web.device import describe

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

PERSONA = "EE60001019906"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def session_ids(portal: Portal) -> list[int]:
    return [row[0] for row in portal.system.rows("select id from operator_session where ended_at is null order by id")]


def test_all_live_sessions_are_shown_and_the_own_one_is_marked(portal: Portal, mary: Browser) -> None:
    other = portal.browser()
    other.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    other.sign_in(PERSONA)
    page = mary.page("/sessions")
    assert page.text("tbody").count("This browser") == 1
    assert "Firefox, Linux" in page.text("tbody")


@pytest.mark.parametrize("too_old", ["last_seen_at", "created_at"])
def test_a_session_that_ended_by_its_time_is_no_live_one(portal: Portal, mary: Browser, too_old: str) -> None:
    other = portal.browser()
    other.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    other.sign_in(PERSONA)
    theirs = session_ids(portal)[-1]
    portal.system.sql(f"update operator_session set {too_old} = now() - interval '2 days' where id = :id", id=theirs)
    assert "Firefox, Linux" not in mary.page("/sessions").text("tbody")
    assert mary.get(f"/sessions/{theirs}/revocations/new").status_code == 404


def test_a_session_ended_elsewhere_is_ended_at_once(portal: Portal, mary: Browser) -> None:
    other = portal.browser()
    other.sign_in(PERSONA)
    theirs = session_ids(portal)[-1]
    asked = mary.page(f"/sessions/{theirs}/revocations/new")
    assert "End the session on" in asked.text("h2")
    assert mary.post(f"/sessions/{theirs}/revocations").location == "/sessions"
    assert "must sign in again" in mary.get("/sessions").text
    assert other.get("/invoices").status_code == 303
    assert mary.get("/invoices").status_code == 200


def test_the_question_is_a_fragment_for_the_dialog(portal: Portal, mary: Browser) -> None:
    fragment = mary.fragment(f"/sessions/{session_ids(portal)[0]}/revocations/new")
    assert "<html" not in fragment.text
    assert 'id="dialog-title"' in fragment.text
    assert "It is the one you are using now." in fragment.text


def test_nobody_ends_the_session_of_somebody_else(portal: Portal, mary: Browser) -> None:
    with portal.system.app.app_context():
        white_list.add("EE38001085718")
    other = portal.browser()
    other.sign_in("EE38001085718")
    theirs = session_ids(portal)[-1]
    assert mary.get(f"/sessions/{theirs}/revocations/new").status_code == 404
    assert mary.post(f"/sessions/{theirs}/revocations").status_code == 404
    assert other.get("/invoices").status_code == 200


def test_a_session_that_is_not_there_is_not_found(mary: Browser) -> None:
    assert mary.post("/sessions/99999999999999999999/revocations").status_code == 404


@pytest.mark.parametrize(("theme", "attribute"), [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"')])
def test_the_chosen_theme_is_written_into_the_page(stranger: Browser, theme: str, attribute: str) -> None:
    answer = stranger.post("/theme", {"theme": theme, "back": "/sign_in?next=/invoices"})
    assert answer.location == "/sign_in?next=/invoices"
    assert attribute in stranger.get("/sign_in").text
    stranger.post("/theme", {"theme": "system"})
    assert "data-theme" not in stranger.get("/sign_in").text


def test_a_made_up_theme_or_way_back_changes_nothing(stranger: Browser) -> None:
    answer = stranger.post("/theme", {"theme": '"><script>', "back": "https://evil.example/"})
    assert answer.location == "/sign_in"
    assert "data-theme" not in stranger.get("/sign_in").text


@pytest.mark.parametrize(("lang", "words"), [("et", "Sisselogimine"), ("ru", "Вход"), ("en", "Sign in")])
def test_a_language_is_chosen_by_link_and_remembered(stranger: Browser, lang: str, words: str) -> None:
    assert words in stranger.page(f"/sign_in?lang={lang}").text("h1")
    assert words in stranger.page("/sign_in").text("h1")


def test_without_a_choice_the_browser_decides(stranger: Browser) -> None:
    assert "Sisselogimine" in stranger.get("/sign_in", Accept_Language="et-EE,et;q=0.9,en;q=0.5").text
    assert "Sign in" in stranger.get("/sign_in", Accept_Language="fi,sv;q=0.8").text
    assert "Sign in" in stranger.get("/sign_in?lang=xx", Accept_Language="tlh").text


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8.1", "curl/8.1"),
        ("", "\N{EN DASH}"),
    ],
)
def test_a_device_is_recognised_by_its_browser_and_system(user_agent: str, device: str) -> None:
    assert describe(user_agent) == device
