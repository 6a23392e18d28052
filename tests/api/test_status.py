"""What services report of their invoices: status and amount (eis.md 5.6, 5.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.api.client import AMOUNT, STATUS, error_of, only

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api


def report(api: Api, number: Any, status: Any, code: str = "registry") -> TestResponse:
    return api.send(STATUS, {"invoice_number": number, "status": status}, code=code)


@pytest.mark.parametrize("status", ["paid", "cancelled", "overdue"])
@pytest.mark.parametrize("kind", [int, str])
def test_a_reported_status_is_taken(api: Api, status: str, kind: type) -> None:
    number = api.system.invoice()
    response = report(api, kind(number), status)
    assert response.status_code == 200
    assert response.json == {"message": "Status updated"}
    assert api.system.status(number) == status


@pytest.mark.parametrize("status", ["paid", "cancelled", "overdue", "unpaid"])
def test_the_same_report_again_changes_nothing(api: Api, status: str) -> None:
    number = api.system.invoice()
    report(api, number, status)
    events = api.count("event")
    assert report(api, number, status).json == {"message": "Status updated"}
    assert api.count("event") == events


def test_an_overdue_invoice_may_be_unpaid_again(api: Api) -> None:
    number = api.system.invoice()
    report(api, number, "overdue")
    assert report(api, number, "unpaid").status_code == 200
    assert api.system.status(number) == "unpaid"


def test_a_report_of_paid_is_booked_as_the_service_s_word(api: Api) -> None:
    number = api.system.invoice()
    report(api, number, "paid")
    found = api.system.rows(
        "select p.method, p.captured_minor from payment p join invoice i on i.id = p.invoice_id where i.number = :n",
        n=number,
    )
    assert [tuple(each) for each in found] == [("reported", 12000)]


def test_an_unknown_invoice_is_named(api: Api) -> None:
    response = report(api, 123, "paid")
    assert response.status_code == 404
    assert error_of(response) == {"message": "Invoice with 123 number not found in Invoice Status Controller"}


def test_a_foreign_invoice_looks_like_an_unknown_one_and_stays_as_it_is(api: Api) -> None:
    number = api.system.invoice("auction")
    response = report(api, number, "paid")
    assert response.status_code == 404
    assert error_of(response) == {"message": f"Invoice with {number} number not found in Invoice Status Controller"}
    assert api.system.status(number) == "unpaid"


@pytest.mark.parametrize("status", ["PAID", "settled", "partially_paid", "paid ", "1", 1])
def test_a_status_is_one_of_six_words(api: Api, status: Any) -> None:
    number = api.system.invoice()
    faults = only(report(api, number, status))
    assert faults == {"status": ["must be one of: cancelled, failed, overdue, paid, refunded, unpaid"]}
    assert api.system.status(number) == "unpaid"


@pytest.mark.parametrize("status", ["refunded", "failed"])
def test_what_only_money_can_bring_about_is_refused(api: Api, status: str) -> None:
    number = api.system.invoice()
    assert report(api, number, status).status_code == 409
    assert api.system.status(number) == "unpaid"


@pytest.mark.parametrize(("first", "then"), [("cancelled", "paid"), ("paid", "cancelled"), ("paid", "overdue")])
def test_an_end_is_an_end(api: Api, first: str, then: str) -> None:
    number = api.system.invoice()
    report(api, number, first)
    response = report(api, number, then)
    assert response.status_code == 409
    assert error_of(response)["code"] == "conflict"
    assert api.system.status(number) == first


def test_both_fields_are_needed(api: Api) -> None:
    assert only(api.send(STATUS, {})) == {"invoice_number": ["is missing"], "status": ["is missing"]}
    assert only(report(api, "", "")) == {"invoice_number": ["must be filled"], "status": ["must be filled"]}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("amount", [80.5, "80.50", "80.5"])
def test_a_new_amount_is_taken(api: Api, method: str, amount: Any) -> None:
    number = api.system.invoice()
    response = api.send(AMOUNT, {"invoice_number": number, "transaction_amount": amount}, method=method)
    assert response.status_code == 200
    assert response.json == {"message": "Invoice data was successfully updated"}
    assert api.system.scalar("select total_minor from invoice where number = :n", n=number) == 8050


def test_the_payment_link_is_signed_anew(api: Api) -> None:
    number = api.system.invoice()
    api.send(AMOUNT, {"invoice_number": str(number), "transaction_amount": "80.50"})
    link = api.system.scalar("select payment_link from invoice where number = :n", n=number)
    assert "transaction_amount=80.50" in link
    page = api.system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    assert page.status_code == 303


def test_the_same_amount_again_changes_nothing(api: Api) -> None:
    number = api.system.invoice()
    events = api.count("event")
    assert api.send(AMOUNT, {"invoice_number": number, "transaction_amount": "120"}).status_code == 200
    assert api.count("event") == events


@pytest.mark.parametrize("status", ["paid", "cancelled"])
def test_the_amount_of_an_ended_invoice_is_fixed(api: Api, status: str) -> None:
    number = api.system.invoice()
    report(api, number, status)
    response = api.send(AMOUNT, {"invoice_number": number, "transaction_amount": "1"})
    assert response.status_code == 409
    assert api.system.scalar("select total_minor from invoice where number = :n", n=number) == 12000


@pytest.mark.parametrize("amount", ["invalid", "", None, "-1", "1,5", [], {}, True, "1e2"])
def test_a_new_amount_is_an_amount(api: Api, amount: Any) -> None:
    number = api.system.invoice()
    response = api.send(AMOUNT, {"invoice_number": number, "transaction_amount": amount})
    assert set(only(response)) == {"transaction_amount"}
    assert api.system.scalar("select total_minor from invoice where number = :n", n=number) == 12000


def test_the_amount_of_an_unknown_or_foreign_invoice_is_not_found(api: Api) -> None:
    foreign = api.system.invoice("auction")
    for number in (123, foreign):
        response = api.send(AMOUNT, {"invoice_number": number, "transaction_amount": "1"})
        assert response.status_code == 404
        assert error_of(response) == {"message": f"Invoice {number} not found"}


def test_forms_work_like_json(api: Api) -> None:
    form = "application/x-www-form-urlencoded"
    number = api.system.invoice()
    amount = urlencode({"invoice_number": number, "transaction_amount": "5.00"}).encode()
    assert api.raw(AMOUNT, amount, form, method="PUT").status_code == 200
    assert api.raw(STATUS, f"invoice_number={number}&status=cancelled".encode(), form).status_code == 200


def test_the_format_may_stand_in_the_address(api: Api) -> None:
    number = api.system.invoice()
    assert api.send(f"{STATUS}.json", {"invoice_number": number, "status": "overdue"}, method="POST").status_code == 200
    body = {"invoice_number": number, "transaction_amount": "5.00"}
    assert api.send(f"{AMOUNT}.json", body, method="PUT").status_code == 200
