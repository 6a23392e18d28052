"""dry_run: the same checks, the same answer, what would follow, nothing left behind; and calls repeated by key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import BACK, fields_of, problem_of

if TYPE_CHECKING:
    from tests.api.client import Api

TABLES = (
    "account",
    "announcement",
    "event",
    "gateway_reference",
    "idempotency_key",
    "invoice",
    "ledger_entry",
    "ledger_transaction",
    "number_reservation",
    "outbox",
    "payment",
    "reference",
    "settlement",
)


def everything(api: Api) -> dict[str, Any]:
    """Return what there is, by table, and how far the numbers have come."""
    counted: dict[str, Any] = {table: api.count(table) for table in TABLES}
    counted["next"] = api.system.scalar("select sum(next_number) from number_range")
    counted["versions"] = api.system.scalar("select sum(version) from invoice")
    return counted


def rehearsed(api: Api, path: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what a dry run answers, after a look whether it left anything behind."""
    before = everything(api)
    response = api.v2(f"{path}?dry_run=true", body, **more)
    assert response.status_code == 200, response.text
    assert everything(api) == before
    return dict(response.json or {})


def test_a_rehearsed_invoice_tells_its_number_its_books_and_its_events(api: Api) -> None:
    shown = rehearsed(api, "/invoices", {"amount": "120.00"})
    assert shown["rehearsal"] == {
        "entries": [
            {
                "transaction": "invoice.issued",
                "account": "receivables:registry",
                "amount": "120.00",
                "currency": "EUR",
            },
            {"transaction": "invoice.issued", "account": "invoiced:registry", "amount": "-120.00", "currency": "EUR"},
        ],
        "events": ["invoice.issued"],
        "messages": [],
    }
    real: dict[str, Any] = dict(api.v2("/invoices", {"amount": "120.00"}).json or {})
    for each in ("created_at", "issued_at", "rehearsal"):
        shown.pop(each, None)
        real.pop(each, None)
    assert shown == real


def test_a_rehearsed_change_and_a_rehearsed_end_leave_the_invoice_alone(api: Api) -> None:
    number = api.v2("/invoices", {"amount": "120.00"}).json["number"]  # type: ignore[index]
    changed = rehearsed(api, f"/invoices/{number}", {"amount": "99.50"}, method="PATCH")
    assert changed["amount"] == "99.50"
    assert changed["rehearsal"]["events"] == ["invoice.amount_changed"]
    assert {each["amount"] for each in changed["rehearsal"]["entries"]} == {"20.50", "-20.50"}
    cancelled = rehearsed(api, f"/invoices/{number}/cancellation", {})
    assert cancelled["status"] == "cancelled"
    assert cancelled["rehearsal"]["events"] == ["invoice.cancelled"]
    assert api.v2(f"/invoices/{number}").json["amount"] == "120.00"  # type: ignore[index]


def test_a_rehearsed_payment_calls_nobody(api: Api) -> None:
    number = api.v2("/invoices", {"amount": "120.00"}).json["number"]  # type: ignore[index]
    body = {"invoice": number, "return_url": BACK["registry"], "amount": "120.00"}
    shown = rehearsed(api, "/payments", body)
    assert (shown["status"], shown["amount"], shown["payment_url"]) == ("created", "120.00", None)
    assert shown["rehearsal"]["events"] == ["payment.created"]
    assert api.system.shop.by_order(str(number)) is None


def test_a_rehearsed_reference_is_not_taken(api: Api) -> None:
    number = rehearsed(api, "/references", {"owner": "ACME"})["number"]
    problem_of(api.v2(f"/references/{number}"), 404)


def test_what_would_be_refused_is_refused(api: Api) -> None:
    before = everything(api)
    assert fields_of(api.v2("/invoices?dry_run=true", {"amount": "x"})) == {"amount"}
    assert fields_of(api.v2("/invoices?dry_run=yes", {"amount": "1.00"})) == {"dry_run"}
    body = {"invoice": 2_000_000_000, "return_url": BACK["registry"]}
    problem_of(api.v2("/payments?dry_run=true", body), 404)
    assert everything(api) == before


def test_a_rehearsal_does_not_use_up_a_key(api: Api) -> None:
    before = api.count("invoice")
    rehearsed(api, "/invoices", {"amount": "1.00"}, Idempotency_Key="k-1")
    first = api.v2("/invoices", {"amount": "1.00"}, Idempotency_Key="k-1")
    again = api.v2("/invoices", {"amount": "1.00"}, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert api.count("invoice") == before + 1


def test_a_key_is_for_one_body_at_one_address(api: Api) -> None:
    one = api.v2("/invoices", {"amount": "1.00"}, Idempotency_Key="k-2").json["number"]  # type: ignore[index]
    two = api.v2("/invoices", {"amount": "1.00"}).json["number"]  # type: ignore[index]
    assert fields_of(api.v2("/invoices", {"amount": "2.00"}, Idempotency_Key="k-2")) == {"Idempotency-Key"}
    for number in (one, two):
        response = api.v2(f"/invoices/{number}/cancellation", {}, Idempotency_Key="k-2")
        assert response.json["number"] == number  # type: ignore[index]


@pytest.mark.parametrize("path", ["/invoices", "/payments"])
def test_ten_at_once_under_one_key_have_one_effect(api: Api, path: str) -> None:
    number = api.v2("/invoices", {"amount": "5.00"}).json["number"]  # type: ignore[index]
    bodies = {
        "/invoices": {"amount": "5.00"},
        "/payments": {"invoice": number, "return_url": BACK["registry"]},
    }

    before = api.count("invoice")

    def call(_: int) -> Any:
        return api.v2(path, bodies[path], Idempotency_Key="k-3")

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(call, range(10)))
    good = [each for each in answers if each.status_code == 201]
    assert good
    assert {each.status_code for each in answers} <= {201, 409}
    assert len({each.json.get("id") or each.json["number"] for each in good}) == 1
    assert len(api.v2(f"/payments?invoice={number}").json["data"]) == (path == "/payments")  # type: ignore[index]
    assert api.count("invoice") == before + (path == "/invoices")
