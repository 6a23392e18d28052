"""Resources of version 2: made, found, filtered, shown with what belongs to them; never somebody else's."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import BACK, fields_of, problem_of

if TYPE_CHECKING:
    from tests.api.client import Api


def made(api: Api, code: str = "registry", **more: Any) -> dict[str, Any]:
    response = api.v2("/invoices", {"amount": "120.00", **more}, code=code)
    assert response.status_code == 201, response.text
    return dict(response.json or {})


def test_an_invoice_is_made_with_the_next_number(api: Api) -> None:
    first = made(api, description="example.ee", customer={"name": "ACME", "email": "a@acme.ee"})
    second = made(api)
    assert second["number"] == first["number"] + 1
    assert first["status"] == "unpaid"
    assert (first["amount"], first["paid"], first["due"], first["currency"]) == ("120.00", "0.00", "120.00", "EUR")
    assert first["customer"] == {"name": "ACME", "email": "a@acme.ee"}
    assert first["initiator"] == "registry"
    assert first["payment_link"].startswith("http://everypay.test/lp")
    assert first["created_at"].endswith("Z")
    assert "rehearsal" not in first
    assert "lines" not in first


def test_it_reads_back_as_it_was_answered(api: Api) -> None:
    first = made(api, description="a year of example.ee")
    assert api.v2(f"/invoices/{first['number']}").json == first


def test_an_invoice_of_zero_is_paid_at_once(api: Api) -> None:
    assert made(api, amount="0")["status"] == "paid"


def test_a_service_may_name_its_own_number_and_say_it_again(api: Api) -> None:
    number = api.system.number()
    first = made(api, number=number)
    assert made(api, number=number) == first
    assert problem_of(api.v2("/invoices", {"amount": "1.00", "number": number}), 409)["code"] == "conflict"


def test_a_service_makes_invoices_of_those_it_acts_for_only(api: Api) -> None:
    assert made(api, initiator="business_registry")["initiator"] == "business_registry"
    assert fields_of(api.v2("/invoices", {"amount": "1.00", "initiator": "auction"})) == {"initiator"}


def test_the_amount_changes_until_money_comes(api: Api) -> None:
    number = made(api)["number"]
    changed = api.v2(f"/invoices/{number}", {"amount": "99.50"}, method="PATCH")
    assert changed.status_code == 200
    assert changed.json["amount"] == "99.50"  # type: ignore[index]
    paid, _ = api.system.settle()
    assert problem_of(api.v2(f"/invoices/{paid}", {"amount": "1.00"}, method="PATCH"), 409)


def test_an_invoice_is_cancelled_with_a_reason_once(api: Api) -> None:
    number = made(api)["number"]
    cancelled = api.v2(f"/invoices/{number}/cancellation", {"reason": "the order was withdrawn"})
    assert cancelled.status_code == 200
    assert cancelled.json["status"] == "cancelled"  # type: ignore[index]
    assert cancelled.json["cancel_reason"] == "the order was withdrawn"  # type: ignore[index]
    assert cancelled.json["due"] == "0.00"  # type: ignore[index]
    assert api.v2(f"/invoices/{number}/cancellation", {"reason": "again"}).json == cancelled.json
    paid, _ = api.system.settle()
    assert problem_of(api.v2(f"/invoices/{paid}/cancellation", {}), 409)


def test_a_payer_is_sent_to_pay_and_the_payment_is_followed(api: Api) -> None:
    number = made(api)["number"]
    started = api.v2("/payments", {"invoice": number, "return_url": BACK["registry"]})
    assert started.status_code == 201, started.text
    payment: dict[str, Any] = dict(started.json or {})
    assert (payment["invoice"], payment["status"], payment["amount"]) == (number, "pending", "120.00")
    assert payment["payment_url"].startswith("http://everypay.test/")
    api.system.pay(payment["gateway_reference"])
    api.system.callback(payment["gateway_reference"])
    api.system.drain()
    settled: dict[str, Any] = dict(api.v2(f"/payments/{payment['id']}").json or {})
    assert (settled["status"], settled["received"]) == ("completed", "120.00")
    assert settled["completed_at"]
    assert api.v2(f"/invoices/{number}").json["status"] == "paid"  # type: ignore[index]


def test_a_payment_needs_an_invoice_that_can_be_paid_and_a_registered_way_back(api: Api) -> None:
    number = made(api)["number"]
    back = BACK["registry"]
    problem_of(api.v2("/payments", {"invoice": 2_000_000_000, "return_url": back}), 404)
    assert fields_of(api.v2("/payments", {"invoice": number, "return_url": "http://evil.test/"})) == {"return_url"}
    assert fields_of(api.v2("/payments", {"invoice": number, "return_url": back, "amount": "500.00"})) == {"amount"}
    api.v2(f"/invoices/{number}/cancellation", {})
    assert problem_of(api.v2("/payments", {"invoice": number, "return_url": back}), 409)["code"] == "not_payable"


def test_a_refund_made_at_the_gateway_is_shown(own_api: Api) -> None:
    number, reference = own_api.system.settle()
    own_api.system.pay(reference, "refunded", standing=Decimal("100.00"))
    own_api.system.callback(reference, "refunded")
    own_api.system.drain()
    found = own_api.v2(f"/refunds?invoice={number}").json["data"]  # type: ignore[index]
    assert [(each["amount"], each["status"], each["invoice"]) for each in found] == [("20.00", "succeeded", number)]
    assert own_api.v2(f"/refunds/{found[0]['id']}").json == found[0]
    assert own_api.v2(f"/refunds?payment={found[0]['payment']}").json["data"] == found  # type: ignore[index]
    assert own_api.v2(f"/refunds?invoice={number}", code="auction").json["data"] == []  # type: ignore[index]
    problem_of(own_api.v2(f"/refunds/{found[0]['id']}", code="auction"), 404)


def test_a_reference_number_is_made_and_found(api: Api) -> None:
    body = {"owner": "ACME", "email": "Billing@Acme.ee"}
    reference: dict[str, Any] = dict(api.v2("/references", body).json or {})
    assert len(reference["number"]) == 7
    assert api.v2(f"/references/{reference['number']}").json == reference
    found = api.v2("/references?email=billing@acme.ee").json["data"]  # type: ignore[index]
    assert reference in found


def test_expand_shows_what_belongs_to_an_invoice(api: Api) -> None:
    number, _ = api.system.settle()
    shown: dict[str, Any] = dict(api.v2(f"/invoices/{number}?expand=lines,payments,events").json or {})
    assert shown["lines"] == []
    assert [each["status"] for each in shown["payments"]] == ["completed"]
    assert {"invoice.issued", "payment.completed", "invoice.paid"} <= {each["type"] for each in shown["events"]}
    assert "payments" not in api.v2(f"/invoices/{number}?expand=lines").json  # type: ignore[operator]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("status=unpaid", True),
        ("status=paid,unpaid", True),
        ("status=paid", False),
        ("amount_min=77.77&amount_max=77.77", True),
        ("amount_min=77.78", False),
        ("amount_max=77.76", False),
        ("customer_email=Lone@Example.ee", True),
        ("customer_email=somebody@example.ee", False),
        ("created_from=2020-01-01T00:00:00Z", True),
        ("created_to=2020-01-01T00:00:00Z", False),
        ("paid_from=2020-01-01T00:00:00Z", False),
        ("reference_number=1111116", True),
        ("reference_number=2222220", False),
        ("q=lone@example.ee", True),
        ("q=lone", True),
        ("q=77.77", True),
        ("q=1111116", True),
        ("q=nobody", False),
        ("kind=regular", True),
        ("kind=linkpay,bulk", False),
        ("in_directo=false", True),
        ("in_directo=true", False),
        ("e_invoice_sent=false", True),
        ("due_from=2020-01-01", False),
    ],
)
def test_a_filter_finds_what_it_says(api: Api, query: str, *, is_found: bool) -> None:
    number = made(api, code="eeid", amount="77.77", reference_number="1111116", customer={"email": "lone@example.ee"})[
        "number"
    ]
    api.system.hurry()  # words are gathered for a second before they are indexed
    api.system.drain()
    found = api.v2(f"/invoices?limit=100&{query}", code="eeid").json["data"]  # type: ignore[index]
    assert (number in {each["number"] for each in found}) is is_found


@pytest.mark.parametrize(
    "typed", ["%00", "%", "_", "' or 1=1 --", "a%00b", "%F0%9F%92%B6", "9" * 80, "x" * 1900, "12:*|!("]
)
def test_what_is_asked_in_words_breaks_nothing(api: Api, typed: str) -> None:
    assert api.v2(f"/invoices?q={typed}").status_code in {200, 422}


def test_a_payment_for_several_invoices_is_found_by_each_of_them_and_by_its_own_number(api: Api) -> None:
    members = [api.system.invoice("auction") for _ in range(2)]
    reference = api.system.bulk(members)
    parent = api.system.scalar("select max(number) from invoice where kind = 'bulk'")

    def found(number: int) -> list[str]:
        listed: Any = api.v2(f"/payments?invoice={number}", code="auction").json
        return [each["id"] for each in listed["data"]]

    for state in ("pending", "completed"):
        invoice: Any = api.v2(f"/invoices/{members[0]}?expand=payments", code="auction").json
        assert [each["status"] for each in invoice["payments"]] == [state]
        assert [found(number) for number in (*members, parent)] == [[invoice["payments"][0]["id"]]] * 3
        api.system.pay(reference)
        api.system.callback(reference)
        api.system.drain()
    assert api.v2(f"/payments?invoice={members[0]}", code="registry").json["data"] == []  # type: ignore[index]


def test_somebody_elses_answers_like_nobodys(api: Api) -> None:
    number, _ = api.system.settle("registry")
    payment = api.v2(f"/payments?invoice={number}").json["data"][0]["id"]  # type: ignore[index]
    reference = api.v2("/references", {}).json["number"]  # type: ignore[index]
    event = api.v2(f"/invoices/{number}?expand=events").json["events"][0]["id"]  # type: ignore[index]
    theirs = {
        f"/invoices/{number}": "/invoices/2000000000",
        f"/payments/{payment}": "/payments/AAAAAAAAAAAAAAAAAAAAAA",
        f"/references/{reference}": "/references/9999999",
        f"/events/{event}": "/events/evt_00000000000000000000000000000000",
    }
    for path, missing in theirs.items():
        assert api.v2(path).status_code == 200
        one, other = api.v2(path, code="auction"), api.v2(missing, code="auction")
        body, nobodys = problem_of(one, 404), problem_of(other, 404)
        for each, key in ((body, path), (nobodys, missing)):
            each["detail"] = each["detail"].replace(key.rpartition("/")[2], "")
            del each["request_id"]
        assert body == nobodys
    for path, body in ((f"/invoices/{number}", {"amount": "1"}), (f"/invoices/{number}/cancellation", {})):
        problem_of(api.v2(path, body, code="auction", method="PATCH" if "amount" in body else "POST"), 404)
    assert api.v2(f"/payments?invoice={number}", code="auction").json["data"] == []  # type: ignore[index]
    assert api.v2(f"/invoices?number={number}", code="auction").json["data"] == []  # type: ignore[index]
