"""Lists by cursor: every row once, in one order, whatever is written meanwhile; the cursor is sealed."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import fields_of

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
