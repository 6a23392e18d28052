"""How often a session may search and an address begin to sign in (security.md 5.5)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from app.blueprints.auth import views as auth
from app.web import guards, limits

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal


def say(portal: Portal, monkeypatch: pytest.MonkeyPatch, **said: Any) -> None:
    extensions = portal.system.app.extensions
    monkeypatch.setitem(extensions, "settings", extensions["settings"].model_copy(update=said))


@pytest.mark.parametrize("path", ["/invoices", "/references", "/deposits", "/audit", "/inbox"])
def test_too_many_searches_are_refused(
    portal: Portal, mary: Browser, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    say(portal, monkeypatch, searches_per_minute=2)
    monkeypatch.setattr(guards, "SEARCHES", limits.Rate(f"test {time.monotonic()}", "searches_per_minute", 60))
    assert [mary.fragment(f"{path}?q=a{each}").status_code for each in range(3)] == [200, 200, 429]
    refused = mary.get(f"{path}?q=again")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "Too many requests" in refused.text
    for uncounted in ("", "?q=a1&after=x"):  # no search, and the next page of one
        assert mary.get(f"{path}{uncounted}").status_code == 200


def test_too_many_sign_ins_of_one_address_are_refused(
    portal: Portal, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(portal, monkeypatch, logins_per_minute=2)
    monkeypatch.setattr(auth, "LOGINS", limits.Rate(f"test {time.monotonic()}", "logins_per_minute", 10))
    assert [stranger.client.get("/auth/tara").status_code for _ in range(3)] == [302, 302, 429]
    elsewhere = stranger.client.get("/auth/tara", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 302
    behind_a_proxy = stranger.client.get("/auth/tara", headers={"X-Forwarded-For": "192.0.2.8"})
    assert behind_a_proxy.status_code == 302, "all are called by the proxy until TRUSTED_PROXIES is set"
