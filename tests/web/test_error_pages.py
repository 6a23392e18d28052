"""Pages of errors speak the reader's language alone, and offer what may help: trying again, where that can."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import abort

from app.services import operator_sessions

if TYPE_CHECKING:
    from tests.web.browser import Browser

HEADLINES = {
    403: ("This is not allowed", "See pole lubatud", "Это не разрешено"),
    404: ("There is nothing here", "Siin pole midagi", "Здесь ничего нет"),
    409: ("This is not possible now", "See pole praegu võimalik", "Сейчас это невозможно"),
    413: ("This is too large", "See on liiga suur", "Это слишком много"),
    429: ("Too many requests", "Liiga palju päringuid", "Слишком много запросов"),
    500: ("Something broke here", "Midagi läks meil katki", "У нас что-то сломалось"),
    503: ("The system is busy", "Süsteem on hõivatud", "Система занята"),
}
ENGLISH = ("resource", "permission", "Quote", "Something", "server", "request")


def fail(status: int) -> str:
    """Fail as code of a page may."""
    if status == 500:
        raise RuntimeError("canary")
    if status == 503:
        raise OperationalError("select canary", {}, ConnectionError("canary"))
    abort(status)


def break_page(mary: Browser, monkeypatch: pytest.MonkeyPatch, endpoint: str, status: int) -> None:
    """Let a page fail behind its guard."""
    views = mary.portal.system.app.view_functions
    monkeypatch.setitem(views, endpoint, wraps(views[endpoint])(lambda **_parts: fail(status)))


@pytest.mark.parametrize("status", HEADLINES)
@pytest.mark.parametrize("lang", ["en", "et", "ru"])
def test_an_error_is_told_in_the_language_of_the_reader_alone(
    mary: Browser, monkeypatch: pytest.MonkeyPatch, status: int, lang: str
) -> None:
    break_page(mary, monkeypatch, "invoices.index", status)
    answer = mary.get(f"/invoices?lang={lang}")
    assert answer.status_code == status
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    assert f"<h1>{HEADLINES[status][('en', 'et', 'ru').index(lang)]}</h1>" in main
    assert "canary" not in answer.text
    if lang != "en":
        assert [word for word in ENGLISH if word in main] == []
    assert answer.headers["X-Request-Id"] in main
    assert ('class="btn main" href=""' in main) is (status in {429, 500, 503})


def test_what_was_sent_is_never_offered_to_be_sent_again(mary: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    break_page(mary, monkeypatch, "proofs.create_run", 503)
    answer = mary.post("/proofs/runs")
    assert answer.status_code == 503
    assert 'href=""' not in answer.text


@pytest.mark.parametrize("path", ["/", "/invoices", "/invoices/150005", "/nothing/here"])
def test_whoever_is_signed_in_is_told_that_the_database_is_away(
    mary: Browser, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Every page asks who is there, the page of an error as well: it must not fail of that itself."""
    assert mary.get("/overview").status_code == 200

    def away(*_asked: object) -> None:
        raise OperationalError("select", {}, ConnectionError("canary"))

    monkeypatch.setattr(operator_sessions, "current_operator", away)
    answer = mary.get(f"{path}?lang=et")
    assert answer.status_code == (404 if path == "/nothing/here" else 503)
    assert "<h1>" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "canary" not in answer.text
