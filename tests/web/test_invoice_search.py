"""What is typed into the search field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.queries import invoice_search, invoice_selection, invoices, owned_invoices
from app.queries.invoice_filter import InvoiceFilter
from app.queries.invoice_selection import Selection
from app.queries.paging import Count
from app.queries.sorting import Mark, Sort
from app.web.filters import shortened
from tests.web.lists import fill, index, more, numbers

if TYPE_CHECKING:
    from app.queries.invoice_search import Place
    from tests.web.browser import Browser, Portal


@pytest.fixture(scope="module")
def filled_portal(shared_portal: Portal) -> Portal:
    fill(shared_portal.system, 10)
    sql = shared_portal.system.sql
    sql("update invoice set reference_number = '2144032' where number = 150009")
    sql("update invoice set customer_name = 'Põhjatäht OÜ', description = 'Kirjatuvi.ee uuendus' where number = 150010")
    sql("update invoice set customer_name = 'Ёлкин Андрей' where number = 150011")
    sql("update invoice set subtotal_minor = 124050, total_minor = 124050 where number = 150013")
    sql("update invoice set subtotal_minor = 7700, total_minor = 7700 where number = 150014")
    index(shared_portal.system)
    return shared_portal


@pytest.fixture
def searching(filled_portal: Portal, mary: Browser) -> Browser:
    return mary


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("150012", [150_012]),
        ("15001", [150_014, 150_013, 150_012, 150_011, 150_010]),
        ("payer150007", [150_007]),
        ("PAYER150007@EXAMPLE", [150_007]),
        ("50012", [150_012]),
        ("012", [150_012]),
        ("12", []),
        ("150012 ", [150_012]),
        ("2144032", [150_009]),
        ("214403", [150_009]),
        ("põhja", [150_010]),
        ("POHJATAHT", [150_010]),
        ("oü põhj", [150_010]),
        ("hjatäht", [150_010]),
        ("atuvi ee", [150_010]),
        ("atuvi nothing", []),
        ("jatäht 01", [150_010]),
        ("põhja 120", [150_010]),
        ("põhja 120,00", [150_010]),
        ("120.00 € põhja", [150_010]),
        ("põhja 77", []),
        ("põhja 77,00", []),
        ("payer 77", [150_014]),
        ("77 payer", [150_014]),
        ("payer 1 240,50", [150_013]),
        ("PAYER150013@example.test 1240.50", [150_013]),
        ("payer150007 EUR 120", [150_007]),
        ("hjatäht 120,00", [150_010]),
        ("payer 15001", [150_014, 150_013, 150_012, 150_011, 150_010]),
        ("ja", []),
        ("kirjatuvi.ee", [150_010]),
        ("uuend kirja", [150_010]),
        ("kirja nothing", []),
        ("елкин", [150_011]),
        ("1240.50", [150_013]),
        ("1 240,50", [150_013]),
        ("1\u00a0240.50\u00a0€", [150_013]),
        ("€1,240.50", [150_013]),
        ("1240,50 EUR", [150_013]),
        ("77 €", [150_014]),
        ("invoice 150012", [150_012]),
        ("Arve nr. 150012", [150_012]),
        ("Счёт № 150012", [150_012]),
        ("#150012", [150_012]),
        ("150012-3", [150_012]),
        ("Ref:150012, 150011", [150_012]),
        ("124050", []),
        ("%", []),
        ("_", []),
        ("1500%", list(range(150_014, 150_004, -1))),
        ("\\", []),
        ("' or 1=1 --", []),
        ("\x00", list(range(150_014, 150_004, -1))),
        ("٣", []),
        ("²", []),
        ("9" * 80, []),
    ],
)
def test_what_is_typed_is_found_and_breaks_nothing(searching: Browser, query: str, found: list[int]) -> None:
    answer = searching.client.get("/invoices", query_string={"q": query})
    assert answer.status_code == 200
    assert numbers(answer.text) == found


def test_a_gateway_s_reference_leads_to_its_invoice(own_portal: Portal, own_mary: Browser) -> None:
    number, reference = own_portal.system.settle()
    for typed in (reference, reference[:14], shortened(reference)):
        assert numbers(own_mary.get(f"/invoices?q={typed}").text) == [number]


def test_digits_alone_are_a_number_and_an_amount_is_one_step_away(searching: Browser) -> None:
    page = searching.page("/invoices?q=77&service=registry")
    assert "/invoices?q=77.00&service=registry" in page.links()
    assert "/invoices?q=1240.00" in searching.page("/invoices?q=1 240").links()
    for other in ("150012", "077", "0", "12 34", "77 x"):
        assert not any("q=" in link and ".00" in link for link in searching.page(f"/invoices?q={other}").links()), other
    assert "/invoices?q=77.00&service=registry" not in searching.page("/invoices?q=77.00&service=registry").links()


def test_the_words_of_its_lines_lead_to_an_invoice(own_portal: Portal, own_mary: Browser) -> None:
    fill(own_portal.system, 2)
    own_portal.system.sql(
        "insert into invoice_line (tenant_id, invoice_id, position, description, unit_price_minor, net_minor)"
        " select tenant_id, id, 1, 'Sademetemõõtja paigaldus', 100, 100 from invoice where number = 150005"
    )
    index(own_portal.system)
    assert numbers(own_mary.get("/invoices?q=sademetemootja").text) == [150_005]


@pytest.mark.slow
def test_every_way_finds_the_same(own_portal: Portal, own_mary: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, from the newest rows, from rows further down or by the index, whole or month by month."""
    sql = own_portal.system.sql
    fill(own_portal.system, 130)
    sql("update invoice set created_at = created_at - interval '200 days' where number % 3 = 0")
    sql("update invoice set created_at = created_at - interval '3 years' where number < 150010")
    sql("update invoice set reference_number = '2144032'")
    index(own_portal.system)
    sql("update invoice_search s set created_at = i.created_at from invoice i where i.id = s.invoice_id")
    expected = numbers_newest_first(own_portal)
    ways = ((1000, (1,), 5000), (60, (4000, 16_000), 5000), (60, (5, 20, 200), 5000), (60, (1,), 5000), (60, (1,), 9))
    for many, walks, rare in ways:
        for name, value in {"MANY": many, "WALKS": walks, "RARE": rare}.items():
            monkeypatch.setattr(invoice_search, name, value)
        for typed in ("payer", "payer exam", "xampl", "150", "2144032"):
            assert all_pages(own_mary, f"/invoices?q={typed}") == expected, (walks, rare, typed)
            with own_portal.system.app.app_context():
                capped = len(expected) > many
                count = Count(min(len(expected), many), is_capped=capped)
                assert invoices.search(InvoiceFilter(text=typed)).count == count


def test_what_one_service_sent_in_one_go_hides_no_common_word(
    own_portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest few may all be alike: what the others have is looked for further down, and not in a whole month."""
    system = own_portal.system
    fill(system, 60)
    sql = system.sql
    sql("update invoice set customer_name = 'Alike', customer_email = 'a@b.test' where number > 150052")
    index(system)
    monkeypatch.setattr(invoice_search, "WALKS", (10, 20, 60))
    by_index, asked = invoice_search._by_index, []

    def noted(words: tuple[str, ...], after: Place | None, size: int) -> list[Place]:
        asked.append(words)
        return by_index(words, after, size)

    monkeypatch.setattr(invoice_search, "_by_index", noted)
    with system.app.app_context():
        assert len(invoice_search.newest("payer", None, 5)) == 5
        assert not asked
        assert invoice_search.newest("nobody", None, 5) == []
        assert asked


def test_what_is_rare_for_sure_is_asked_of_the_index_at_once(
    own_portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long number, or a long word with a digit: the newest rows and a sample would tell nothing."""
    system = own_portal.system
    fill(system, 20)
    system.sql("update invoice set reference_number = '2144032' where number < 150010")
    system.sql("update invoice set description = 'Kuu7arve' where number < 150008")
    index(system)
    walked = invoice_search._walked
    asked: list[tuple[str, ...]] = []

    def noted(patterns: tuple[str, ...], after: Place | None, size: int) -> list[Place]:
        asked.append(tuple(patterns))
        return walked(patterns, after, size)

    monkeypatch.setattr(invoice_search, "_walked", noted)
    with system.app.app_context():
        for typed, many in (("2144032", 5), ("payer 2144032", 5), ("kuu7arve", 3), ("uu7arve", 3), ("9144032", 0)):
            assert len(invoice_search.newest(typed, None, 10)) == many, typed
            assert not asked
        assert len(invoice_search.newest("21440", None, 10)) == 5
        assert asked == [("% 21440%",)]


def test_a_sample_is_of_rows_from_all_over_the_table_and_always_the_same(own_portal: Portal) -> None:
    system = own_portal.system
    fill(system, 400)
    system.sql("update invoice set customer_name = 'Alike' where number % 4 = 0")
    index(system)
    system.sql("analyze invoice_search")
    with system.app.app_context():
        whole, looked_at, seen = invoice_search._sampled(["% alike%"], 120)
        assert whole == 400
        assert 60 <= looked_at <= 240
        assert looked_at / 8 < seen < looked_at / 2
        assert invoice_search._sampled(["% alike%"], 120) == (whole, looked_at, seen)
        assert invoice_search._sampled(["% nobody%"], 120) == (whole, looked_at, 0)


def test_the_index_is_asked_for_two_words_where_both_are_rare(own_portal: Portal, own_mary: Browser) -> None:
    system = own_portal.system
    fill(system, 130)
    for word, many in (("alpha", 10), ("beta", 40), ("gamma", 60)):
        system.sql(f"update invoice set customer_name = customer_name || ' {word}' where number < {150_005 + many}")
    index(system)
    with system.app.app_context():
        assert invoice_search.rarest(("alpha", "beta"), and_second=True) == ("alpha", "beta")
        assert invoice_search.rarest(("gamma", "beta", "alpha"), and_second=True) == ("beta", "alpha")
        assert invoice_search.rarest(("alpha", "gamma"), and_second=True) == ("alpha",)
        assert invoice_search.rarest(("alpha", "beta")) == ("alpha",)
    for typed in ("alpha beta", "gamma alpha", "payer beta gamma alpha"):
        assert all_pages(own_mary, f"/invoices?q={typed}") == list(range(150_014, 150_004, -1))


@pytest.mark.parametrize("typed", ["payer", "payer exam", "xample", "150"])
def test_a_service_finds_words_of_all_it_owns_page_by_page(own_portal: Portal, typed: str) -> None:
    system = own_portal.system
    fill(system, 8)
    fill(system, 8, first=160_000, code="auction")
    fill(system, 8, first=170_000, code="eeid")
    system.sql("update invoice set created_at = now() - number % 7 * interval '1 day'")
    system.sql("update invoice_search s set created_at = i.created_at from invoice i where i.id = s.invoice_id")
    owns = [row[0] for row in system.rows("select id from initiator where code in ('registry', 'auction')")]
    expected = system.rows(
        "select id from invoice where initiator_id = any(:owns) and number < :below order by created_at desc, id desc",
        owns=owns,
        below=160_000 if typed == "150" else 170_000,
    )
    with system.app.app_context():
        listed: list[int] = []
        cursor = None
        while not listed or cursor:
            page = owned_invoices.search(owns, InvoiceFilter(text=typed), cursor, 3)
            listed += [each.id for each in page.rows]
            cursor = page.after
        assert listed == [row[0] for row in expected]


def all_pages(browser: Browser, path: str | None) -> list[int]:
    seen: list[int] = []
    while path:
        html = browser.get(path).text
        seen += numbers(html)
        path = more(html)
    return seen


def numbers_newest_first(portal: Portal) -> list[int]:
    return [row[0] for row in portal.system.rows("select number from invoice order by created_at desc, id desc")]


@pytest.mark.parametrize("sort", list(Sort))
def test_a_common_word_is_looked_for_a_few_rows_at_a_time_and_misses_nothing(
    filled_portal: Portal, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    for name, value in (("are_common", lambda _words: True), ("FEW", 0), ("LOOKED_AT", 3)):
        monkeypatch.setattr(invoices, name, value)
    wanted = InvoiceFilter(text="example", statuses=("unpaid",), least_minor=1)
    filled_portal.system.sql("update invoice set paid_at = created_at where number in (150006, 150008)")
    with filled_portal.system.app.app_context():
        listed: list[int] = []
        after: Mark | None = None
        pages = 0
        while pages == 0 or after is not None:
            page = invoices.search(wanted, after, sort=sort, size=2)
            listed += [row.id for row in page.rows]
            after, pages = Mark.parse(str(page.next)) if page.next else None, pages + 1
        assert listed == invoice_selection.ids(Selection(wanted, sort=sort), 100)
        assert len(listed) == 10
    filled_portal.system.sql("update invoice set paid_at = null")
