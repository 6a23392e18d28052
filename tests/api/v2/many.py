"""How tests call the route that makes many invoices, and what there is before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

MANY = "/invoices/bulk"
TABLES = (
    "account",
    "announcement",
    "event",
    "idempotency_key",
    "invoice",
    "invoice_line",
    "ledger_entry",
    "ledger_transaction",
    "number_reservation",
    "outbox",
    "settlement",
)


def sent(api: Api, *invoices: dict[str, Any], query: str = "", **more: Any) -> TestResponse:
    return api.v2(f"{MANY}{query}", {"invoices": list(invoices)}, **more)


def made(api: Api, *invoices: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    response = sent(api, *invoices, **more)
    assert response.status_code == 201, response.text
    return list((response.json or {})["invoices"])


def one_by_one(api: Api, bodies: list[dict[str, Any]]) -> list[int]:
    answers = [api.v2("/invoices", each) for each in bodies]
    assert {each.status_code for each in answers} == {201}
    return [each.json["number"] for each in answers]  # type: ignore[index]


def counted(api: Api) -> dict[str, Any]:
    """Return how many rows there are, how far the numbers have come, and what changed of what was there."""
    found: dict[str, Any] = {table: api.count(table) for table in TABLES}
    found["ranges"] = api.system.rows("select id, next_number, active from number_range order by id")
    found["used"] = api.system.scalar("select count(*) from number_reservation where used_at is not null")
    found["versions"] = api.system.scalar("select sum(version) from invoice")
    return found
