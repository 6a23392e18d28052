"""The list, its count, the export and the bulk preview are about the same invoices, whatever is asked for (F20)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from flask import url_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.invoice import InvoiceStatus
from app.queries import bulk_preview, invoice_selection, invoices
from app.queries.frozen_filter import thaw
from app.queries.invoice_selection import Selection
from app.queries.sorting import Sort
from app.services import exports
from tests.services.exporting import begin, file_of, numbers_in_csv, numbers_in_sheet, somebody, wish
from tests.services.test_tasks import work
from tests.web.lists import fill, more, numbers

if TYPE_CHECKING:
    from tests.web.browser import Browser

STATUSES = [str(InvoiceStatus.UNPAID), str(InvoiceStatus.PAID), str(InvoiceStatus.OVERDUE)]
ASKED = st.fixed_dictionaries(
    {
        "q": st.sampled_from(["", "1500", "15003", "150040", "payer15004", "PAYER150041@example.test", "nobody@"]),
        "status": st.sets(st.sampled_from(STATUSES)).map(sorted),
        "sort": st.sampled_from(list(map(str, Sort))),
        "service": st.sets(st.sampled_from(["registry", "auction", "eeid"])).map(sorted),
    }
)


def listed(mary: Browser, asked: dict[str, Any]) -> list[int]:
    with mary.portal.system.app.test_request_context():
        path: str | None = url_for("invoices.index", **asked)
    found: list[int] = []
    while path:
        html = mary.get(path).text
        found += numbers(html)
        path = more(html)
    return found


@pytest.mark.slow
def test_what_is_listed_is_what_is_written_and_what_is_acted_on(own_mary: Browser) -> None:
    system = own_mary.portal.system
    for place, (status, code) in enumerate((s, c) for s in STATUSES for c in ("registry", "auction", "eeid")):
        fill(system, 9, first=150_005 + place * 9, status=status, code=code)
    system.sql("update invoice set total_minor = number % 7 * 100, subtotal_minor = number % 7 * 100")
    system.sql("update invoice set paid_at = created_at + number % 5 * interval '1 day' where status = 'paid'")
    who, seen = somebody(system), set()

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(ASKED)
    def same(asked: dict[str, Any]) -> None:
        expected = listed(own_mary, asked)
        with system.app.app_context():
            wanted = replace(
                thaw({}), text=asked["q"], statuses=tuple(asked["status"]), services=tuple(asked["service"])
            )
            selection = Selection(wanted, sort=Sort(asked["sort"]))
            written = b"".join(exports.stream(wish() | {"selection": selection.said()}, operator_id=who))
            groups = bulk_preview.groups(selection, 10_000)
            assert groups is not None
            assert invoices.search(wanted).count.number == invoice_selection.count(selection).number == len(expected)
        assert numbers_in_csv(written) == expected
        assert sum(group.number for group in groups) == len(expected)
        seen.add(len(expected))

    same()
    assert len(seen) > 3
    for form, read in (("csv", numbers_in_csv), ("xlsx", numbers_in_sheet)):
        task = begin(system, form, key=form)
        work(system)
        assert read(file_of(system, task)) == listed(own_mary, {})
