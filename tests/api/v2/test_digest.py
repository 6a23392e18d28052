"""The digest: what a service can compute from its own books, it finds here again."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import fields_of

if TYPE_CHECKING:
    from tests.api.client import Api


def digest(api: Api, *, code: str = "registry", before: int = 0) -> list[dict[str, Any]]:
    today = datetime.now(UTC).date()
    days = f"first_day={today - timedelta(days=before + 1)}&last_day={today - timedelta(days=before)}"
    response = api.v2(f"/digest?{days}", code=code)
    assert response.status_code == 200, response.text
    return list(response.json["data"])  # type: ignore[index]


def test_counts_sums_and_hashes_are_those_of_the_list(api: Api) -> None:
    api.system.settle()
    api.system.settle(amount="0.01")
    for amount in ("3.50", "120.00", "7.00"):
        api.v2("/invoices", {"amount": amount})
    api.v2("/invoices", {"amount": "5.00", "initiator": "business_registry"})
    api.v2("/invoices", {"amount": "5.00"}, code="auction")
    listed = api.v2("/invoices?limit=100").json["data"]  # type: ignore[index]
    rows = digest(api)
    counted = Counter((each["initiator"], each["created_at"][:10], each["status"]) for each in listed)
    assert {(each["initiator"], each["day"], each["status"]): each["count"] for each in rows} == counted
    for row in rows:
        kind = (row["initiator"], row["day"], row["status"])
        own = [each for each in listed if (each["initiator"], each["created_at"][:10], each["status"]) == kind]
        lines = sorted((each["number"], int(each["amount"].replace(".", ""))) for each in own)
        assert row["hash"] == hashlib.sha256("\n".join(f"{n} {minor}" for n, minor in lines).encode()).hexdigest()
        assert int(row["amount"].replace(".", "")) == sum(minor for _, minor in lines)
        assert row["paid"] == (row["amount"] if row["status"] == "paid" else "0.00")
    assert {each["initiator"] for each in digest(api, code="auction")} == {"auction"}


def test_one_difference_shows_in_its_row_only(api: Api) -> None:
    first, second = (api.v2("/invoices", {"amount": "4.00"}).json["number"] for _ in range(2))  # type: ignore[index]
    before = digest(api)
    api.v2(f"/invoices/{first}", {"amount": "5.00"}, method="PATCH")
    api.v2(f"/invoices/{second}", {"amount": "3.00"}, method="PATCH")
    after = digest(api)
    assert [each["amount"] for each in before] == [each["amount"] for each in after]
    assert [each["hash"] for each in before] != [each["hash"] for each in after]


def test_days_are_those_of_utc_and_both_ends_belong(api: Api) -> None:
    numbers = [api.v2("/invoices", {"amount": "1.00"}, code="eeid").json["number"] for _ in range(4)]  # type: ignore[index]
    moments = ["03-01 23:59:59.999999+00", "03-02 00:00:00+00", "03-03 01:30:00+02", "03-03 00:00+00"]
    change = "update invoice set created_at = cast(:at as timestamptz) where number = :n"
    for number, moment in zip(numbers, moments, strict=True):
        api.system.sql(change, at=f"2026-{moment}", n=number)
    rows = api.v2("/digest?first_day=2026-03-02&last_day=2026-03-02", code="eeid").json["data"]  # type: ignore[index]
    assert [(each["day"], each["count"]) for each in rows] == [("2026-03-02", 2)]


@pytest.mark.parametrize(
    ("query", "faulty"),
    [
        ("first_day=2026-01-01", "last_day"),
        ("first_day=2026-01-02&last_day=2026-01-01", "last_day"),
        ("first_day=2026-01-01&last_day=2026-04-03", "last_day"),
        ("first_day=2026-02-30&last_day=2026-03-01", "first_day"),
        ("first_day=20260101&last_day=2026-01-02", "first_day"),
    ],
)
def test_days_that_are_none_are_refused(api: Api, query: str, faulty: str) -> None:
    assert fields_of(api.v2(f"/digest?{query}")) == {faulty}
    assert api.v2("/digest?first_day=2026-01-01&last_day=2026-04-02").status_code == 200
