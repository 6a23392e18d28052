"""Views of the list somebody saved: private and shared ones, renamed, taken away and brought back; liked columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.desks import second
from tests.web.lists import fill, numbers
from tests.web.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal

LIST = "status=overdue&status=unpaid&sort=-amount&column=email"


@pytest.fixture(scope="module")
def filled(shared_portal: Portal) -> Portal:
    fill(shared_portal.system, 3)
    fill(shared_portal.system, 2, first=160_000, status="overdue")
    return shared_portal


@pytest.fixture(autouse=True)
def _none_left(filled: Portal) -> Iterator[None]:
    yield
    filled.system.sql("update saved_view set retired_at = now() where retired_at is null")
    filled.system.sql("update operator set invoice_columns = null")


@pytest.fixture
def keeper(filled: Portal, portal: Portal) -> Browser:
    """Return the browser of a second person."""
    return second(portal)


def save(browser: Browser, name: str, query: str = LIST, **more: str) -> int:
    answer = browser.post("/invoices/views", {"name": name, "query": query} | more)
    assert answer.status_code == 303, answer.text
    return int(
        browser.portal.system.scalar("select id from saved_view where name = :name and retired_at is null", name=name)
    )


def views(browser: Browser, path: str = "/invoices") -> dict[str, str]:
    """Return the views that are offered by name, with where they lead."""
    html = browser.get(path).text
    nav = html.partition('aria-label="Saved views">')[2].partition("</nav>")[0]
    page = Page(f"<nav>{nav}</nav>")
    offered = [link for link in page.links() if link.startswith("/invoices?")]
    return {" ".join(part.split()): link for part, link in zip(_names(nav), offered, strict=True)}


def _names(nav: str) -> list[str]:
    parts = [part for part in nav.split("<a ")[1:] if 'href="/invoices?' in part.partition(">")[0]]
    return [part.partition("<bdi>")[2].partition("<")[0] for part in parts]


def test_a_view_brings_the_same_list_back(filled: Portal, mary: Browser) -> None:
    assert "/invoices/views/new?" in mary.get(f"/invoices?{LIST}").text
    save(mary, "What to chase")
    address = views(mary)["What to chase"]
    html = mary.get(address).text
    assert sorted(numbers(html)) == [150_005, 150_006, 150_007, 160_000, 160_001]
    assert 'aria-sort="descending"' in html
    assert "payer160001@example.test" in html
    assert 'aria-current="page"><bdi>What to chase' in html
    assert "/invoices/views/new?" not in html


def test_the_usual_list_is_no_view_to_save(filled: Portal, mary: Browser) -> None:
    assert "/invoices/views/new" not in mary.get("/invoices").text


def test_a_view_is_ones_own_until_it_is_shared(filled: Portal, mary: Browser, keeper: Browser) -> None:
    view = save(mary, "Mine")
    assert "Mine" not in views(keeper)
    assert mary.post(f"/invoices/views/{view}", {"name": "Ours", "shared": "yes"}).status_code == 303
    assert views(keeper)["Ours"] == views(mary)["Ours"]
    html = keeper.get(views(keeper)["Ours"]).text
    assert 'aria-current="page"><bdi>Ours' in html
    assert f"/invoices/views/{view}/edit" not in html


def test_nobody_changes_the_view_of_somebody_else(mary: Browser, keeper: Browser) -> None:
    path = f"/invoices/views/{save(mary, 'Hers', shared='yes')}"
    assert keeper.get(f"{path}/edit").status_code == 404
    for verb in ("", "/retirement", "/restoration"):
        assert keeper.post(path + verb, {"name": "Mine"}).status_code == 404
    assert "Hers" in views(mary)


def test_what_is_taken_away_comes_back_by_its_message(mary: Browser) -> None:
    view = save(mary, "Old")
    assert mary.post(f"/invoices/views/{view}/retirement").status_code == 303
    html = mary.get("/invoices").text
    assert f'action="/invoices/views/{view}/restoration"' in html
    assert "Old" not in views(mary)
    assert mary.post(f"/invoices/views/{view}/restoration").status_code == 303
    assert "Old" in views(mary)
    kinds = [
        row[0]
        for row in mary.portal.system.rows("select kind from event where data->>'view' = :id order by id", id=str(view))
    ]
    assert kinds == ["view.saved", "view.retired", "view.restored"]


def test_two_clicks_save_one_view_and_another_list_needs_another_name(mary: Browser) -> None:
    assert save(mary, "Twice") == save(mary, "Twice")
    answer = mary.post("/invoices/views", {"name": "tWICE", "query": "status=paid"})
    assert answer.status_code == 409
    assert "another view of this name" in answer.text
    assert 'value="tWICE"' in answer.text


def test_a_name_taken_meanwhile_is_not_taken_twice(mary: Browser) -> None:
    view = save(mary, "Name")
    mary.post(f"/invoices/views/{view}/retirement")
    save(mary, "Name", "status=paid")
    assert mary.post(f"/invoices/views/{view}/restoration").status_code == 409


@pytest.mark.parametrize(
    ("name", "status"), [("", 422), ("x" * 61, 422), ("a\u202eb", 422), ("<script>alert(1)</script>", 303)]
)
def test_a_name_is_text_and_nothing_else(mary: Browser, name: str, status: int) -> None:
    answer = mary.post("/invoices/views", {"name": name, "query": LIST})
    assert answer.status_code == status
    assert "<script>alert" not in mary.get("/invoices").text + answer.text


@pytest.mark.parametrize(
    "query", ["", "javascript:alert(1)", "//evil.test", "status=nonsense&x=1", "q=%00%ff", "q=" + "x" * 9000]
)
def test_a_view_keeps_only_what_a_list_can_ask(mary: Browser, query: str) -> None:
    save(mary, "Made up", query)
    address = views(mary)["Made up"]
    assert address.startswith("/invoices?")
    assert "evil" not in address
    assert "x=1" not in address
    assert mary.get(address).status_code == 200


def test_nobody_has_more_views_than_can_be_looked_through(mary: Browser) -> None:
    mary.portal.system.sql(
        "insert into saved_view (operator_id, name, query) select o.id, 'view ' || n, '' "
        "from operator o, generate_series(1, 50) n where o.subject = 'EE60001019906'"
    )
    answer = mary.post("/invoices/views", {"name": "One more", "query": LIST})
    assert answer.status_code == 409
    assert "too many views" in answer.text


def test_liked_columns_are_shown_where_the_address_says_none(mary: Browser, keeper: Browser) -> None:
    html = mary.get("/invoices?status=overdue&column=email").text
    assert "Always show these columns" in html
    answer = mary.post("/invoices/columns", {"status": "overdue", "column": "email"})
    assert answer.location == "/invoices?status=overdue"
    html = mary.get("/invoices").text
    assert "payer160001@example.test" in html
    assert "Always show these columns" not in html
    assert "payer160001@example.test" not in keeper.get("/invoices").text
    mary.post("/invoices/columns", {"column": "none"})
    assert "Reference</th>" not in mary.get("/invoices").text


def test_what_is_unpaid_is_added_up(mary: Browser) -> None:
    assert "5 invoices are unpaid, for 600.00 €" in mary.page("/invoices").text("a")
