"""Every filter of the list: what it shows, that list, count and export mean the same, and that an address keeps it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from app.blueprints.invoices.forms import CHOICES, as_query, as_view, parse_columns, parse_filter, parse_sort
from app.domain.invoice import InvoiceStatus
from app.domain.tallinn import TALLINN
from app.models.invoice import KINDS
from app.queries import invoice_selection, invoices
from app.queries.frozen_filter import freeze, thaw
from app.queries.invoice_filter import IN_TIME, LATE, InvoiceFilter, Period
from app.queries.invoice_selection import Selection
from app.queries.sorting import Mark, Sort
from app.uow import transaction
from tests.web.lists import all_pages, fill, more, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.web.browser import Browser, Portal

SERVICES = ("auction", "registry")
WEEK = timedelta(days=7)
DAYS = st.none() | st.dates(date(2024, 1, 1), date(2027, 1, 1))
MINOR = st.none() | st.integers(0, 10**9)
PERIODS = st.sampled_from(["", *map(str, Period)])
FILTERS = st.builds(
    InvoiceFilter,
    text=st.sampled_from(["", "payer", "150", "120.00", "õ", "payer150 example", "payer 220", "120.05 payer"]),
    statuses=st.sets(st.sampled_from(list(InvoiceStatus))).map(
        lambda some: tuple(str(each) for each in InvoiceStatus if each in some)
    ),
    services=st.sets(st.sampled_from(SERVICES)).map(lambda some: tuple(sorted(some))),
    kinds=st.sets(st.sampled_from(KINDS)).map(lambda some: tuple(each for each in KINDS if each in some)),
    least_minor=MINOR,
    most_minor=MINOR,
    created_from=DAYS,
    created_to=DAYS,
    due_from=DAYS,
    due_to=DAYS,
    paid_from=DAYS,
    paid_to=DAYS,
    in_directo=st.none() | st.booleans(),
    e_invoice_sent=st.none() | st.booleans(),
    number=st.none() | st.integers(150_005, 150_064) | st.integers(0, 10**18 - 1),
    reference=st.sampled_from(["", "", "1111116"]),
    email=st.sampled_from(["", "", "payer150010@example.test", "Nobody@example.test"]),
    created=PERIODS,
    paid=PERIODS,
    due=PERIODS | st.sampled_from([LATE, IN_TIME]),
)


def through_an_address(query: Mapping[str, object]) -> MultiDict[str, str]:
    pairs = [(name, each) for name, value in query.items() for each in (value if isinstance(value, list) else [value])]
    return MultiDict((name, str(each)) for name, each in pairs)


@given(FILTERS)
def test_an_address_and_a_task_keep_the_whole_filter(wanted: InvoiceFilter) -> None:
    assert parse_filter(through_an_address(as_query(wanted)), SERVICES) == wanted
    assert thaw(freeze(wanted)) == wanted.settled()


@given(st.sampled_from(list(Sort)), st.sets(st.sampled_from(CHOICES)))
def test_an_address_keeps_order_and_columns(sort: Sort, some: set[str]) -> None:
    columns = tuple(each for each in CHOICES if each in some)
    address = through_an_address(as_view(sort, columns))
    assert (parse_sort(address), parse_columns(address)) == (sort, columns)


@given(st.text(max_size=40))
def test_a_made_up_mark_is_none_or_a_moment(text: str) -> None:
    mark = Mark.parse(text)
    assert mark is None or mark.moment.year > 0


@pytest.fixture(scope="module")
def filled(shared_portal: Portal) -> Portal:
    system = shared_portal.system
    fill(system, 60)
    fill(system, 25, first=160_000, status="paid", code="auction")
    fill(system, 5, first=170_000, status="overdue")
    system.sql("update invoice set subtotal_minor = 2000 + number - 140000, total_minor = 2000 + number - 140000")
    system.sql("update invoice set paid_at = created_at + interval '1 hour' where status = 'paid'")
    system.sql("update invoice set due_on = '2026-01-31' where number % 3 = 0")
    system.sql("update invoice set in_directo = true, e_invoice_sent_at = now() where number % 4 = 0")
    system.sql("update invoice set kind = 'linkpay' where number % 5 = 0")
    system.sql("update invoice set customer_name = 'õun ' || number % 4 where number % 6 = 0")
    return shared_portal


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=FILTERS, sort=st.sampled_from(list(Sort)), counted=st.sampled_from([3, 10_000]))
def test_list_count_and_export_mean_the_same_rows(
    filled: Portal, wanted: InvoiceFilter, sort: Sort, counted: int
) -> None:
    """Both ways: few rows are read and put in order, many are walked along their order."""
    with filled.system.app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(invoices, "COUNT_LIMIT", counted)
        patch.setattr(invoices, "COMMON", counted)
        listed = all_pages(wanted, sort)
        assert len(listed) == len(set(listed))
        assert listed == invoice_selection.ids(Selection(wanted, sort=sort), 10_000)


@pytest.mark.parametrize(
    "asked",
    [
        "created_at > now() and status = 'paid' and kind = 'bulk' and due_on is null and paid_at is not null",
        "status = 'unpaid' and initiator_id = 1 and total_minor > 5 and not in_directo and due_on is null",
        "paid_at is null and status = 'paid' and initiator_id = 1 and kind = 'bulk' and total_minor > 5",
        "kind = 'invoice.issued' and actor_kind = 'operator' and created_at > now()",
        "total_minor = 5 and status = 'paid' and kind = 'bulk' and not in_directo and e_invoice_sent_at is null",
        "total_minor = 5 and initiator_id = 1 and status = 'paid' and due_on is null and issued_at is not null",
    ],
)
def test_days_and_states_with_other_filters_are_answered_without_the_table(own_portal: Portal, asked: str) -> None:
    table = "event" if "actor_kind" in asked else "invoice"
    with own_portal.system.app.app_context(), transaction() as tx:
        tx.execute(text("set local enable_seqscan = off"))
        tx.execute(text("set local enable_bitmapscan = off"))
        # All of one amount are read before they are put in order: most of them may be old.
        first = "greatest(created_at) desc" if "total_minor =" in asked else "created_at desc"
        question = f"select id from {table} where {asked} order by {first}, id desc limit 5"
        plan = "\n".join(tx.scalars(text(f"explain {question}")))
    assert "Index Only Scan" in plan


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("least=220.00&most=220.03", [160_003, 160_002, 160_001, 160_000]),
        ("due_from=2026-01-31&due_to=2026-01-31&status=overdue", [170_004, 170_001]),
        ("directo=yes&status=overdue", [170_004, 170_000]),
        ("directo=no&status=overdue", [170_003, 170_002, 170_001]),
        ("e_invoice=yes&status=overdue", [170_004, 170_000]),
        ("kind=linkpay&status=overdue", [170_000]),
        ("directo=yes&directo=no&status=overdue", [170_004, 170_003, 170_002, 170_001, 170_000]),
        ("created_from=2999-01-01", []),
        ("paid_to=1991-01-01", []),
    ],
)
def test_each_filter_shows_its_rows(filled: Portal, mary: Browser, query: str, found: list[int]) -> None:
    assert sorted(numbers(mary.get(f"/invoices?{query}").text)) == sorted(found)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("today", "2026-03-29", "2026-03-29"),
        ("this_month", "2026-03-01", "2026-03-31"),
        ("last_month", "2026-02-01", "2026-02-28"),
        ("this_year", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_is_days_of_tallinn(filled: Portal, period: str, first: str, last: str) -> None:
    """On the night the clocks go forward, too; a task keeps the days it was begun with."""
    system = filled.system
    moments = ["2025-12-31T21:59Z", "2025-12-31T22:00Z", "2026-01-31T21:59Z", "2026-01-31T22:00Z", "2026-02-28T21:59Z"]
    moments += ["2026-02-28T22:00Z", "2026-03-28T21:59Z", "2026-03-28T22:00Z", "2026-03-29T20:59Z", "2026-03-29T21:00Z"]
    system.sql(
        "update invoice i set paid_at = m.at from unnest(cast(:moments as timestamptz[])) with ordinality m(at, n) "
        "where i.number = 160000 + m.n",
        moments=moments,
    )
    moving = InvoiceFilter(paid=period).settled(datetime(2026, 3, 28, 22, 30, tzinfo=UTC))
    still = InvoiceFilter(paid_from=date.fromisoformat(first), paid_to=date.fromisoformat(last))
    with system.app.app_context():
        found = {row.number for row in invoices.search(moving, size=100).rows}
        assert found == {row.number for row in invoices.search(still, size=100).rows}
        assert found & {*range(160_001, 160_011)} == {
            160_001 + nth
            for nth, moment in enumerate(moments)
            if first <= datetime.fromisoformat(moment).astimezone(TALLINN).date().isoformat() <= last
        }


def test_what_is_late_is_over_and_not_paid(filled: Portal, mary: Browser) -> None:
    html = mary.get("/invoices?due=late&service=registry").text
    own = (*range(150_005, 150_065), *range(170_000, 170_005))
    late = {
        number for number in own if number % 3 == 0 or number >= 170_000
    }  # the last are overdue as their service says
    assert set(numbers(html)) == late
    assert {*numbers(mary.get("/invoices?due=in_time&service=registry").text)} == {*own} - late
    assert "Due" in html.partition('id="chip-more"')[2].partition("</span>")[0]


@pytest.mark.parametrize(
    "nonsense",
    [
        "least=x",
        "most=-1",
        "created_from=yesterday",
        "due_to=0000-00-00",
        "sort=;",
        "column=x",
        "paid_from=9999-99-99",
        "least=" + "9" * 40,
        "directo=maybe",
        "created=late",
        "paid=tomorrow",
    ],
)
def test_what_means_nothing_asks_for_nothing(filled: Portal, mary: Browser, nonsense: str) -> None:
    assert "90 invoices" in mary.get(f"/invoices?{nonsense}").text


@pytest.mark.parametrize("sort", list(Sort))
def test_each_order_goes_on_over_all_pages_and_says_so(filled: Portal, mary: Browser, sort: Sort) -> None:
    path: str | None = f"/invoices?sort={sort}&column=paid&column=due"
    seen: list[int] = []
    first = mary.get(str(path)).text
    assert f'aria-sort="{"descending" if sort.falls else "ascending"}"' in first
    while path:
        html = mary.get(path).text
        seen += numbers(html)
        path = more(html)
    turn = "desc" if sort.falls else "asc"
    paid = f"coalesce(paid_at, 'epoch') {turn}, case when paid_at is null then created_at end"
    column = {
        "created": f"created_at {turn}",
        "amount": f"total_minor {turn}",
        "paid": f"{paid} {turn}",
        "due": f"due_on {turn} nulls last, case when due_on is null then created_at end {turn}",
        "number": f"number {turn} nulls last, case when number is null then created_at end {turn}",
        "payer": f'lower(customer_name) collate "C" {turn}',
    }[sort.by]
    rows = filled.system.rows(f"select number from invoice order by {column}, id {turn}")
    assert seen == [row[0] for row in rows]


def test_columns_are_chosen_and_kept_while_paging(filled: Portal, mary: Browser) -> None:
    html = mary.get("/invoices?q=payer&column=email&column=due").text
    assert "payer170004@example.test" in html
    assert "2026-01-31" in html
    following = str(more(html))
    assert "column=email" in following
    assert "column=due" in following
    assert "@example.test" not in mary.get("/invoices?column=none").text
