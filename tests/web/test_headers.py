"""The same protection on every answer, whatever it is (security.md 5.3, T49 to T51, T60, T61)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Flask

from app.web import headers

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.web.browser import Browser

CSP = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
}
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "",
}
ANSWERS = [
    ("GET", "/sign_in", 200),
    ("GET", "/", 303),
    ("GET", "/invoices", 200),
    ("GET", "/nowhere", 404),
    ("GET", "/invoices/999999999", 404),
    ("DELETE", "/invoices", 405),
    ("POST", "/logout", 403),
    ("GET", "/auth/tara/callback", 400),
    ("GET", "/static/x/css/base.css", 200),
    ("GET", "/static/x/nothing.css", 404),
    ("GET", "/static/x/..%2f..%2ffactory.py", 404),
    ("GET", "/health/live", 200),
    ("GET", "/api/v1/invoice_generator/invoice_generator", 405),
    ("POST", "/api/v1/invoice_generator/invoice_generator", 401),
    ("GET", "/api/nothing", 404),
    ("GET", "/api/v1/callback_handler/callback", 400),
]


def assert_protected(answer: TestResponse) -> None:
    assert set(answer.headers["Content-Security-Policy"].split("; ")) == CSP
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers.getlist("Content-Security-Policy") == answer.headers.getlist("Content-Security-Policy")[:1]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_is_protected(mary: Browser, method: str, path: str, status: int) -> None:
    browser = mary.portal.browser() if path in {"/sign_in", "/logout"} else mary
    answer = browser.client.open(path, method=method)
    assert answer.status_code in {status, 422 if status == 400 else status}
    assert_protected(answer)
    answer.close()


@pytest.mark.parametrize(("method", "path", "status"), [each for each in ANSWERS if not each[1].startswith("/static")])
def test_nothing_personal_is_kept_by_any_cache(mary: Browser, method: str, path: str, status: int) -> None:
    assert "no-store" in mary.client.open(path, method=method).headers["Cache-Control"]


def test_a_crash_is_protected_too(mary: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mary.portal.system.app.view_functions, "sessions.index", lambda: 1 / 0)
    answer = mary.get("/sessions")
    assert answer.status_code == 500
    assert "Something broke here" in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert_protected(answer)


def test_pages_and_fragments_are_told_apart_by_caches(mary: Browser) -> None:
    for answer in (mary.get("/invoices"), mary.fragment("/invoices")):
        assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize(("development", "hsts"), [(True, None), (False, "max-age=63072000; includeSubDomains")])
def test_only_where_there_is_tls_is_it_demanded_for_two_years(development: bool, hsts: str | None) -> None:  # noqa: FBT001
    app = Flask("made up")
    app.extensions["settings"] = type("Settings", (), {"development": development})
    headers.install(app)
    assert app.test_client().get("/").headers.get("Strict-Transport-Security") == hsts
