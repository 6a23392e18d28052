"""Days far from where a list begins are read first, or month by month, and miss nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from app.domain.tallinn import TALLINN
from app.extensions import db
from app.queries import invoice_selection, invoices, owned_invoices
from app.queries.far_days import are_far, are_whole
from app.queries.invoice_filter import InvoiceFilter
from app.queries.invoice_selection import Selection
from app.queries.sorting import Sort
from tests.web.lists import all_pages, fill

if TYPE_CHECKING:
    from tests.web.browser import Portal

WEEK = timedelta(days=7)


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST, Sort.HIGHEST_NUMBER, Sort.LOWEST_NUMBER])
@pytest.mark.parametrize("column", ["paid", "due"])
@pytest.mark.parametrize("asked_too", [("", ""), ("registry", ""), ("", "payer")])
def test_days_far_from_where_the_list_begins_are_read_first_and_miss_nothing(
    own_portal: Portal, monkeypatch: pytest.MonkeyPatch, sort: Sort, column: str, asked_too: tuple[str, str]
) -> None:
    """An invoice a day for 120 days, paid and due a day later: a week in the middle is far from both ends."""
    system = own_portal.system
    fill(system, 120, status="paid")
    system.sql("update invoice set created_at = now() - (150124 - number) * interval '1 day'")
    system.sql("update invoice set paid_at = created_at + interval '1 day', due_on = created_at::date + 1")
    monkeypatch.setattr(invoices, "COMMON", 2)
    monkeypatch.setattr(invoices, "COUNT_LIMIT", 2)
    monkeypatch.setattr(invoices, "FEW", 2)
    monkeypatch.setattr(invoices, "LOOKED_AT", 3)
    monkeypatch.setattr(invoices, "are_common", bool)
    services, typed = tuple(filter(None, asked_too[:1])), asked_too[1]
    first = datetime.now(TALLINN).date() - timedelta(days=70)
    last = first + WEEK
    wanted = {
        "paid": InvoiceFilter(text=typed, services=services, paid_from=first, paid_to=last),
        "due": InvoiceFilter(text=typed, services=services, due_from=first, due_to=last),
    }[column]
    with system.app.app_context():
        assert are_far(wanted, sort)
        asked: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda _connection, _cursor, said, *_more: asked.append(said))
        listed = all_pages(wanted, sort)
        looks = [each for each in asked if "invoice_search.search_text" in each]
        assert bool(looks) == bool(typed)
        assert "greatest(" in (looks or asked)[-1]
        if sort is Sort.NEWEST:
            assert all("greatest(" in each for each in looks)
        assert len(listed) == 8
        assert listed == invoice_selection.ids(Selection(wanted, sort=sort), 100)
        owns = list(system.rows("select id from initiator where code = 'registry'")[0])
        page = owned_invoices.search(owns, wanted, None, 5)
        assert [each.id for each in page.rows] == sorted(listed, reverse=True)[:5]
        rest = owned_invoices.search(owns, wanted, page.after, 5)
        assert [each.id for each in rest.rows] == sorted(listed, reverse=True)[5:]
        assert rest.after is None


@pytest.mark.slow
@pytest.mark.parametrize(("sort", "since"), [(Sort.NEWEST, 200), (Sort.OLDEST, 120)])
@pytest.mark.parametrize("services", [(), ("registry",)])
def test_a_long_while_of_payment_is_walked_month_by_month_and_misses_nothing(
    own_portal: Portal, monkeypatch: pytest.MonkeyPatch, sort: Sort, since: int, services: tuple[str, ...]
) -> None:
    """An invoice a day for 260 days, paid after up to forty: seventy days of payment, far from the beginning."""
    system = own_portal.system
    fill(system, 260, status="paid")
    system.sql("update invoice set created_at = now() - (150264 - number) * interval '1 day'")
    system.sql("update invoice set paid_at = created_at + number % 40 * interval '1 day'")
    monkeypatch.setattr(invoices, "COMMON", 2)
    monkeypatch.setattr(invoices, "COUNT_LIMIT", 2)
    first = datetime.now(TALLINN).date() - timedelta(days=since)
    wanted = InvoiceFilter(services=services, paid_from=first, paid_to=first + timedelta(days=69))
    with system.app.app_context():
        asked: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda _connection, _cursor, said, *_more: asked.append(said))
        listed = all_pages(wanted, sort)
        assert any("generate_series" in each for each in asked)
        assert len(listed) > 50
        assert listed == invoice_selection.ids(Selection(wanted, sort=sort), 1000)


@pytest.mark.parametrize("sort", [Sort.PAID_LAST, Sort.PAID_FIRST, Sort.DEAREST, Sort.CHEAPEST])
@pytest.mark.parametrize("typed", ["", "payer"])
def test_days_of_creation_are_read_before_they_are_put_in_another_order_and_miss_nothing(
    own_portal: Portal, monkeypatch: pytest.MonkeyPatch, sort: Sort, typed: str
) -> None:
    """An invoice a day, paid after up to eight days or never, some for the same amount."""
    system = own_portal.system
    fill(system, 120, status="paid")
    system.sql("update invoice set subtotal_minor = number % 10, total_minor = number % 10")
    system.sql("update invoice set created_at = now() - (150124 - number) * interval '1 day'")
    system.sql("update invoice set paid_at = created_at + number % 8 * interval '1 day' where number % 5 > 0")
    for limit in ("COMMON", "COUNT_LIMIT", "FEW"):
        monkeypatch.setattr(invoices, limit, 2)
    # Fewer than a page has, and more of which a page is the first.
    monkeypatch.setattr(invoices, "LOOKED_AT", 3 if sort.falls else 20)
    monkeypatch.setattr(invoices, "are_common", bool)
    first = datetime.now(TALLINN).date() - timedelta(days=70)
    wanted = InvoiceFilter(text=typed, statuses=("paid",), created_from=first, created_to=first + WEEK * 5)
    whole = bool(typed) or sort.by == "paid"
    with system.app.app_context():
        assert are_whole(wanted, sort, many=bool(typed)) == whole
        asked: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda _connection, _cursor, said, *_more: asked.append(said))
        listed = all_pages(wanted, sort)
        assert any("greatest(" in each for each in asked) == whole
        assert len(listed) == 36
        assert listed == invoice_selection.ids(Selection(wanted, sort=sort), 100)


@pytest.mark.parametrize("sort", list(Sort))
def test_only_days_that_are_few_or_far_are_read_whole(own_portal: Portal, sort: Sort) -> None:
    system = own_portal.system
    fill(system, 2)
    system.sql("update invoice set created_at = now() - interval '900 days' where number = 150005")
    today = datetime.now(TALLINN).date()

    def whole(first: int | None, last: int | None) -> tuple[bool, bool]:
        """Return it of few rows and of many."""
        days = [None if each is None else today - timedelta(days=each) for each in (first, last)]
        wanted = InvoiceFilter(created_from=days[0], created_to=days[1])
        return are_whole(wanted, sort), are_whole(wanted, sort, many=True)

    follows = sort.by in {"paid", "due", "number"}
    few = (follows, sort.by != "created")
    with system.app.app_context():
        assert whole(60, 30) == whole(90, None) == whole(90, -300) == few
        is_far = sort.by in {"paid", "due"}
        far_from_today, far_from_the_first = is_far and sort.falls, is_far and not sort.falls
        assert whole(800, 500) == (far_from_today,) * 2
        assert whole(400, 200) == (far_from_the_first,) * 2
        assert whole(800, 100) == whole(None, 30) == whole(None, None) == (False, False)


@pytest.mark.parametrize("sort", list(Sort))
def test_only_whiles_no_order_has_are_far_and_no_long_ones_of_an_order_that_follows(
    own_portal: Portal, sort: Sort
) -> None:
    system = own_portal.system
    fill(system, 2)
    system.sql("update invoice set created_at = now() - interval '900 days' where number = 150005")
    today = datetime.now(TALLINN).date()

    def far(column: str, first: int, last: int) -> bool:
        days: dict[str, Any] = {
            f"{column}_{end}": today - timedelta(days=at) for end, at in (("from", first), ("to", last))
        }
        return are_far(InvoiceFilter(**days), sort)

    with system.app.app_context():
        for column in ("paid", "due"):
            is_followed = sort.by in {"created", "paid", "due", "number"} - {column}
            assert far(column, 470, 430) == is_followed
            assert far(column, 800, 500) == (sort is Sort.NEWEST)
            assert not far(column, 800, 100)
        assert are_far(InvoiceFilter(due="in_time"), sort) == (sort is Sort.LOWEST_NUMBER)
