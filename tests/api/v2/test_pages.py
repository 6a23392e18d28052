"""Lists by cursor: every row once, in one order, whatever is written meanwhile; the cursor is sealed."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from app.web.sealed_cursor import seal
from tests.api.client import fields_of, problem_of

if TYPE_CHECKING:
    from tests.api.client import Api


def walk(api: Api, path: str, *, limit: int, code: str = "registry") -> list[dict[str, Any]]:
    """Return all rows of a list, read page by page."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(100):
        page: dict[str, Any] = dict(api.v2(f"{path}&limit={limit}{cursor}", code=code).json or {})
        rows += page["data"]
        if page["next_cursor"] is None:
            return rows
        assert len(page["data"]) == limit
        cursor = f"&cursor={page['next_cursor']}"
    raise AssertionError("the list never ends")


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_of_any_size_hold_every_row_once(api: Api, limit: int) -> None:
    for initiator in ("registry", "business_registry", "registry", "registry", "business_registry", "registry"):
        api.v2("/invoices", {"amount": "3.33", "initiator": initiator})
        api.v2("/invoices", {"amount": "3.33"}, code="auction")
    rows = walk(api, "/invoices?amount_min=3.33&amount_max=3.33", limit=limit)
    everything = api.v2("/invoices?amount_min=3.33&amount_max=3.33&limit=100").json["data"]  # type: ignore[index]
    assert rows == everything
    assert len({each["number"] for each in rows}) == len(rows) >= 6
    assert {each["initiator"] for each in rows} == {"registry", "business_registry"}
    assert rows == sorted(rows, key=lambda each: each["created_at"], reverse=True)


def test_what_is_new_does_not_shift_a_page(api: Api) -> None:
    for _ in range(4):
        api.v2("/invoices", {"amount": "1.00"}, code="eeid")
    first: dict[str, Any] = dict(api.v2("/invoices?limit=2", code="eeid").json or {})
    api.v2("/invoices", {"amount": "1.00"}, code="eeid")
    second: dict[str, Any] = dict(api.v2(f"/invoices?limit=2&cursor={first['next_cursor']}", code="eeid").json or {})
    numbers = [each["number"] for each in first["data"] + second["data"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4
    assert second["next_cursor"] is None


def test_payments_references_and_refunds_are_walked_alike(api: Api) -> None:
    for _ in range(3):
        api.system.settle("auction")
        api.v2("/references", {}, code="auction")
    assert len(walk(api, "/payments?status=completed", limit=2, code="auction")) == 3
    assert len(walk(api, "/references?email=", limit=2, code="auction")) == 3
    assert walk(api, "/refunds?payment=", limit=2, code="auction") == []


def test_a_cursor_is_sealed_and_belongs_to_its_list(api: Api) -> None:
    for _ in range(2):
        api.v2("/invoices", {"amount": "1.00"})
    cursor: str = api.v2("/invoices?limit=1").json["next_cursor"]  # type: ignore[index]
    assert fields_of(api.v2(f"/payments?cursor={cursor}")) == {"cursor"}
    assert fields_of(api.v2(f"/events?cursor={cursor}")) == {"cursor"}
    other = "B" if cursor[40] == "A" else "A"
    for spoilt in (cursor[:-4], cursor[:40] + other + cursor[41:], "", "A" * 300, "gAAAAA"):
        assert fields_of(api.v2(f"/invoices?cursor={spoilt}")) == {"cursor"}
    assert b"invoices" not in base64.urlsafe_b64decode(cursor + "==")


def test_a_cursor_goes_on_with_the_same_filters_for_the_same_caller_only(api: Api) -> None:
    for _ in range(3):
        api.v2("/invoices", {"amount": "1.00"})
    cursor: str = api.v2("/invoices?limit=1&amount_min=1").json["next_cursor"]  # type: ignore[index]
    for query in ("amount_min=1.00&limit=2", "limit=1&expand=payments&amount_min=1"):
        assert api.v2(f"/invoices?{query}&cursor={cursor}").status_code == 200
    for query in ("", "amount_min=1.01", "amount_min=1&status=unpaid"):
        other = api.v2(f"/invoices?{query}&cursor={cursor}")
        assert problem_of(other, 422)["detail"].endswith("start again without a cursor")
    assert fields_of(api.v2(f"/invoices?amount_min=1&cursor={cursor}", code="auction")) == {"cursor"}


def test_a_cursor_from_before_is_refused_in_the_same_words(api: Api) -> None:
    with api.system.app.app_context():
        old = [seal("invoices", 1, 1), seal("events", 1, 1)]
    for path, cursor in zip(("/invoices", "/events"), old, strict=True):
        assert problem_of(api.v2(f"{path}?cursor={cursor}"), 422)["detail"].endswith("start again without a cursor")


def test_the_cursor_of_the_events_is_good_for_every_filter_but_for_its_reader_only(api: Api) -> None:
    api.v2("/invoices", {"amount": "1.00"})
    api.system.catch_up()
    cursor: str = api.v2("/events?limit=1").json["next_cursor"]  # type: ignore[index]
    assert api.v2(f"/events?type=invoice.issued&cursor={cursor}").status_code == 200
    assert fields_of(api.v2(f"/events?cursor={cursor}", code="auction")) == {"cursor"}
