"""Errors of version 2 are problems with a stable code, the faulty fields and the request's id (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.blueprints.api.v2 import requests
from app.integrations.breaker import Breaker
from app.integrations.fault_dial import Fault
from app.models import Invoice, Payment, Reference, Refund, WebhookEndpoint
from tests.api.client import BACK, V2, bearer, fields_of, problem_of

if TYPE_CHECKING:
    from pydantic import BaseModel
    from sqlalchemy.orm import DeclarativeBase

    from tests.api.client import Api

FULL_WIDTH = {ord(each): ord("\uff10") + int(each) for each in "0123456789"}
LISTS = ["/invoices", "/payments", "/refunds", "/references", "/events"]


@pytest.mark.parametrize("path", LISTS)
def test_without_a_token_nothing_is_read(api: Api, path: str) -> None:
    response = api.get(f"{V2}{path}?limit=nonsense")
    assert problem_of(response, 401)["code"] == "authentication_required"
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_the_request_id_may_be_the_callers_own(api: Api) -> None:
    answer = api.v2("/invoices/1", X_Request_Id="0123456789abcdef-mine")
    assert problem_of(answer, 404)["request_id"] == "0123456789abcdef-mine"


@pytest.mark.parametrize("path", ["/invoices/0", "/invoices/2147483648", f"/invoices/{10**30}", "/payments/%00", "/x"])
def test_what_cannot_be_is_not_found(api: Api, path: str) -> None:
    assert problem_of(api.v2(path), 404)["code"] == "not_found"


def test_a_wrong_method_names_the_right_ones(api: Api) -> None:
    response = api.v2("/invoices", method="DELETE")
    assert problem_of(response, 405)["code"] == "method_not_allowed"
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("body", "faulty"),
    [
        ({}, {"amount"}),
        ({"amount": 120}, {"amount"}),
        ({"amount": "1.234"}, {"amount"}),
        ({"amount": "-1"}, {"amount"}),
        ({"amount": None}, {"amount"}),
        ({"amount": "1", "number": "150005"}, {"number"}),
        ({"amount": "1", "number": 1.5}, {"number"}),
        ({"amount": "1", "number": 2**31}, {"number"}),
        ({"amount": "1", "number": True}, {"number"}),
        ({"amount": "1", "status": "paid"}, {"status"}),
        ({"amount": "1", "captured_minor": 100}, {"captured_minor"}),
        ({"amount": "1", "customer": {"admin": True}}, {"customer.admin"}),
        ({"amount": "1", "customer": "ACME"}, {"customer"}),
        ({"amount": "1", "description": "a\u0000b"}, {"description"}),
        ({"amount": "1", "description": 5}, {"description"}),
        ({"amount": "x", "number": -1}, {"amount", "number"}),
    ],
)
def test_every_faulty_field_is_named_and_an_unknown_one_is_a_fault(
    api: Api, body: dict[str, Any], faulty: set[str]
) -> None:
    before = api.count("invoice")
    assert fields_of(api.v2("/invoices", body)) == faulty
    assert api.count("invoice") == before


@pytest.mark.parametrize(
    ("path", "model", "known"),
    [
        ("/invoices", Invoice, requests.InvoiceBody),
        ("/invoices/bulk", Invoice, requests.ManyInvoicesBody),
        ("/payments", Payment, requests.PaymentBody),
        ("/refunds", Refund, requests.RefundBody),
        ("/references", Reference, requests.ReferenceBody),
        ("/webhook-endpoints", WebhookEndpoint, requests.EndpointBody),
    ],
)
def test_no_column_can_be_set_that_is_no_field(
    api: Api, path: str, model: type[DeclarativeBase], known: type[BaseModel]
) -> None:
    columns = set(model.__table__.columns.keys()) - set(known.model_fields)
    before = api.count(model.__tablename__)
    for column in columns:
        response = api.v2(path, {column: "1"})
        assert column in fields_of(response), column
    assert len(columns) >= 5
    assert api.count(model.__tablename__) == before


@pytest.mark.parametrize(
    ("query", "faulty"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%C3%B5", "cursor"),
        ("status=unpaid,nonsense", "status"),
        ("number=x", "number"),
        ("number=0150330", "number"),
        ("limit=%EF%BC%91", "limit"),
        ("created_from=2026-13-21", "created_from"),
        ("created_from=2026-11-21T00:00:00", "created_from"),
        ("amount_min=1e3", "amount_min"),
        ("expand=secrets", "expand"),
        ("wish=anything", "wish"),
        ("in_directo[]=true", "in_directo"),
    ],
)
def test_a_query_that_cannot_be_understood_is_refused(api: Api, query: str, faulty: str) -> None:
    assert fields_of(api.v2(f"/invoices?{query}")) == {faulty}


@pytest.mark.parametrize("spelling", ["0{}", "+{}", "{}.0", " {}", "fullwidth"])
@pytest.mark.parametrize("rest", ["", "/why-not-paid"])
def test_a_number_in_an_address_has_one_spelling(api: Api, spelling: str, rest: str) -> None:
    number = api.system.invoice()
    other = str(number).translate(FULL_WIDTH) if spelling == "fullwidth" else spelling.format(number)
    assert api.v2(f"/invoices/{number}{rest}").status_code == 200
    problem_of(api.v2(f"/invoices/{other}{rest}"), 404)


def test_a_parameter_said_twice_is_refused(api: Api) -> None:
    said = problem_of(api.v2("/invoices?limit=1&limit=2"), 400)
    assert (said["code"], said["detail"]) == ("malformed", "The query names 'limit' twice")


def test_only_json_is_taken(api: Api) -> None:
    form = api.system.app.test_client().post(
        f"{V2}/invoices", data={"amount": "1.00"}, headers={"Authorization": bearer()}
    )
    assert problem_of(form, 415)["code"] == "unsupported_media_type"


def test_a_body_that_says_a_field_twice_is_refused(api: Api) -> None:
    response = api.system.app.test_client().post(
        f"{V2}/invoices",
        data=b'{"amount": "1.00", "amount": "2.00"}',
        content_type="application/json",
        headers={"Authorization": bearer()},
    )
    assert problem_of(response, 400)["code"] == "malformed"


def test_a_gateway_that_is_away_is_worth_another_try(api: Api) -> None:
    number = api.v2("/invoices", {"amount": "1.00"}).json["number"]  # type: ignore[index]
    api.system.shop.dial.turn([Fault("create", "http", status=500, times=10)])
    response = api.v2("/payments", {"invoice": number, "return_url": BACK["registry"]})
    api.system.shop.dial.turn([])
    api.system.app.extensions["integrations"].everypay._caller.breaker = Breaker()
    assert problem_of(response, 503)["code"] == "unavailable"
    assert int(response.headers["Retry-After"]) > 0


def test_a_refusal_of_the_gateway_is_passed_on_with_its_code(api: Api) -> None:
    number = api.v2("/invoices", {"amount": "8000000.00"}).json["number"]  # type: ignore[index]
    response = api.v2("/payments", {"invoice": number, "return_url": BACK["registry"]})
    problem = problem_of(response, 422)
    assert (problem["code"], problem["detail"], problem["errors"]) == ("gateway_4010", "The amount is not valid", [])
