"""Nothing changes without a form of our own, and nothing changes by looking (security.md T50)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

WATCHED = ["invoice", "payment", "operator_session", "white_code", "event", "outbox", "review_item", "setting"]


def unsafe_doors(portal: Portal) -> list[str]:
    """Return the path of every door of the portal that changes something."""
    rules = portal.system.app.url_map.iter_rules()
    exempt = ("/api/", "/health")
    return sorted(
        re.sub("<[^>]*>", "1", rule.rule)
        for rule in rules
        if {"POST", "PUT", "PATCH", "DELETE"} & set(rule.methods or ()) and not rule.rule.startswith(exempt)
    )


def state(portal: Portal) -> list[str]:
    return [
        str(portal.system.scalar(f"select md5(coalesce(string_agg(t::text, ',' order by id), '')) from {table} t"))
        for table in WATCHED
    ]


def test_there_are_doors_to_try(portal: Portal) -> None:
    assert {"/logout", "/theme", "/language", "/people", "/people/1/revocations"} <= set(unsafe_doors(portal))


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, {}),
        ({"csrf_token": "made up"}, {}),
        ({"csrf_token": ""}, {"Sec-Fetch-Site": "same-origin"}),
        ("text", {"Content-Type": "text/plain"}),
    ],
)
def test_a_form_without_our_token_is_refused(
    portal: Portal, mary: Browser, form: object, headers: dict[str, str]
) -> None:
    before = state(portal)
    for path in unsafe_doors(portal):
        assert mary.client.post(path, data=form, headers=headers).status_code == 403, path
    assert state(portal) == before


def test_a_token_of_somebody_else_is_refused(portal: Portal, mary: Browser) -> None:
    theirs = portal.browser().token()
    for path in unsafe_doors(portal):
        assert mary.client.post(path, data={"csrf_token": theirs}).status_code == 403, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "https://localhost"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_even_with_a_token_another_site_is_refused(portal: Portal, mary: Browser, headers: dict[str, str]) -> None:
    token = mary.token()
    for path in unsafe_doors(portal):
        assert mary.client.post(path, data={"csrf_token": token}, headers=headers).status_code == 403, path
    assert mary.get("/invoices").status_code == 200


def test_our_own_page_is_let_through(mary: Browser) -> None:
    token = mary.token()
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert mary.client.post("/theme", data={"csrf_token": token, "theme": "dark"}, headers=own).status_code == 303


def test_the_refusal_says_what_to_do(mary: Browser) -> None:
    answer = mary.client.post("/theme")
    assert "reload the page" in answer.text


def test_htmx_gets_the_refusal_as_a_toast(mary: Browser) -> None:
    answer = mary.client.post("/theme", headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert answer.text.lstrip().startswith('<div class="toast bad" role="alert">')


@pytest.mark.slow
def test_looking_changes_nothing(portal: Portal, mary: Browser) -> None:
    number = portal.system.invoice()
    seen: set[str] = set()
    todo = ["/invoices", f"/invoices/{number}", f"/invoices/{number}/exchanges", "/sessions", "/styleguide", "/sign_in"]
    before = state(portal)
    while todo:
        path = todo.pop()
        seen.add(path)
        answer = mary.get(path)
        if answer.status_code == 200:
            links = {link for link in _links(answer.text) if not link.startswith(("/auth/", "/static/"))}
            todo += sorted(links - seen - set(todo))[: 200 - len(seen)]
    assert len(seen) > 15
    assert state(portal) == before


def _links(html: str) -> list[str]:
    from tests.web.page import Page  # noqa: PLC0415 - only this test walks

    return [link for link in Page(html).links() if link.startswith("/")]


def test_who_is_refused_reads_what_to_do_in_the_language(mary: Browser) -> None:
    refused = mary.client.post("/logout?lang=et", data={}).text
    missing = mary.client.get("/nowhere?lang=et").text
    mary.client.get("/nowhere?lang=en")
    assert "Vorm ei tulnud portaali värskelt lehelt" in refused
    assert "Siin pole midagi" in missing
    assert "nothing at this address" not in missing
