"""The list by due day, number and payer: each from its index, page by page, in the portal, the API and the export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from app.models.invoice import Invoice
from app.queries import invoice_selection
from app.queries.invoice_filter import InvoiceFilter
from app.queries.invoice_selection import Selection
from app.queries.sorting import Mark, Sort, in_order
from app.uow import transaction
from tests.api.client import Api
from tests.web.lists import all_pages, fill, index, more, numbers
from tests.web.page import Page

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

NEW = [Sort.DUE_FIRST, Sort.DUE_LAST, Sort.LOWEST_NUMBER, Sort.HIGHEST_NUMBER, Sort.FIRST_NAME, Sort.LAST_NAME]


@pytest.fixture(scope="module")
def filled(shared_portal: Portal) -> Portal:
    """Return a portal with invoices of two services; every third has a due day, and seven are drafts without number."""
    system = shared_portal.system
    fill(system, 80)
    fill(system, 20, first=160_000, code="auction")
    system.sql("update invoice set due_on = date '2026-01-01' + (number % 4)::int where number % 3 = 0")
    system.sql("update invoice set customer_name = (array['õun', 'Ants', 'ants', 'Zoja', ''])[1 + number % 5]")
    system.sql(
        """
        insert into invoice (public_token, initiator_id, subtotal_minor, total_minor, customer_name, created_at, due_on)
        select 'draft-' || n, 1, 12000, 12000, 'Ants', now() - n * interval '10 minutes',
               case when n % 2 = 0 then date '2026-01-02' end
          from generate_series(1, 7) as n
        """
    )
    index(system)
    return shared_portal


@pytest.mark.parametrize("sort", NEW)
@pytest.mark.parametrize("wanted", [InvoiceFilter(), InvoiceFilter(services=("auction",)), InvoiceFilter(text="ants")])
def test_pages_have_every_row_once_and_what_is_written_has_their_order(
    filled: Portal, wanted: InvoiceFilter, sort: Sort, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled.system.app.app_context():
        few = all_pages(wanted, sort)
        assert few == invoice_selection.ids(Selection(wanted, sort=sort), 1000)
        monkeypatch.setattr("app.queries.invoices.COMMON", 3)
        monkeypatch.setattr("app.queries.invoices.COUNT_LIMIT", 3)
        assert all_pages(wanted, sort) == few
        assert len(few) == len(set(few)) > 7


def test_those_without_come_last_whichever_way_the_list_is_ordered(filled: Portal) -> None:
    with filled.system.app.app_context():
        for column, sorts in (("due_on", NEW[:2]), ("number", NEW[2:4])):
            without = set(filled.system.rows(f"select id from invoice where {column} is null"))
            for sort in sorts:
                ids = all_pages(InvoiceFilter(), sort)
                assert {(each,) for each in ids[-len(without) :]} == without


def test_names_stand_as_people_look_for_them(filled: Portal, mary: Browser) -> None:
    with filled.system.app.app_context():
        ids = all_pages(InvoiceFilter(), Sort.FIRST_NAME)
    names = dict(filled.system.rows("select id, lower(customer_name) from invoice"))
    assert list(dict.fromkeys(names[each] for each in ids)) == ["", "ants", "zoja", "õun"]


@pytest.mark.parametrize("sort", NEW)
def test_a_page_is_read_along_an_index(filled: Portal, sort: Sort) -> None:
    system = filled.system
    with system.app.app_context(), transaction() as tx:
        tx.execute(text("set local enable_seqscan = off"))
        tx.execute(text("set local enable_bitmapscan = off"))
        tx.execute(text("set local enable_sort = off"))
        middle = system.scalar("select id from invoice where due_on is not null and number is not null limit 1")
        for after in (None, Mark(0, middle)):
            found = select(Invoice.id)
            for part in in_order(found, sort, after, ()):
                asked = part.limit(51).compile(dialect=tx.connection().dialect, compile_kwargs={"literal_binds": True})
                plan = "\n".join(tx.connection().exec_driver_sql(f"explain {asked}").scalars())
                assert "Index" in plan
                assert "Seq Scan" not in plan
                # Numbers are unique: what is left to put in order is one row at a time.
                assert "Sort  (" not in plan.replace("Incremental Sort  (", ""), plan


@pytest.mark.parametrize("sort", NEW)
def test_headings_say_the_order_turn_it_and_keep_the_filter(filled: Portal, mary: Browser, sort: Sort) -> None:
    html = mary.get(f"/invoices?sort={sort}&q=ants&column=due").text
    heads = [named for tag, named in Page(html).elements if tag == "th" and named.get("aria-sort")]
    assert [each["aria-sort"] for each in heads if each["aria-sort"] != "none"] == [
        "descending" if sort.falls else "ascending"
    ]
    assert len(heads) == 5  # number, payer, amount, due, created
    links = [link for link in Page(html).links() if f"sort={sort.turned()}" in link]
    assert links
    assert all("q=ants" in link for link in links)
    export = mary.get(f"/invoices/exports/new?sort={sort}&q=ants").text
    assert f'name="sort" value="{sort}"' in export
    view = mary.get(f"/invoices/views/new?sort={sort}&q=ants").text
    assert f"sort={sort}" in view


@pytest.mark.parametrize("sort", list(Sort))
def test_the_api_has_the_same_orders(filled: Portal, mary: Browser, sort: Sort) -> None:
    api = Api(filled.system)
    found: list[int] = []
    cursor = ""
    while True:
        page: Any = api.v2(f"/invoices?limit=7&service=registry&sort={sort}{cursor}").json
        found += [each["number"] for each in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    path: str | None = f"/invoices?service=registry&sort={sort}"
    listed: list[int] = []
    while path:
        html = mary.get(path).text
        listed += numbers(html)
        path = more(html)
    assert found == listed
    assert len(found) > 50


def test_an_order_is_not_asked_for_in_other_words(filled: Portal) -> None:
    api = Api(filled.system)
    assert api.v2("/invoices?sort=evil").status_code == 422
    page: Any = api.v2("/invoices?limit=2&sort=payer").json
    assert api.v2(f"/invoices?limit=2&sort=-payer&cursor={page['next_cursor']}").status_code == 422


def test_a_mark_of_no_invoice_starts_at_the_top(filled: Portal, mary: Browser) -> None:
    top = numbers(mary.get("/invoices?sort=payer").text)
    assert numbers(mary.get(f"/invoices?sort=payer&after={Mark(0, 10**12)}").text) == top
