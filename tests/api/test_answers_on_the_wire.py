"""Every answer eis.md 4 and 5 shows, letter by letter: status, kind of content, order of the fields, no byte more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import (
    AMOUNT,
    BACK,
    BULK,
    CALLBACK,
    DEPOSIT,
    DEPOSIT_STATUS,
    DIRECTO,
    E_INVOICE,
    GIVE_UP,
    IMPORT_INVOICES,
    IMPORT_REFERENCES,
    MONTHLY,
    NUMBER,
    ONEOFF,
    REFERENCE,
    REFUND,
    REGISTER,
    RESERVED,
    STATUS,
    SYNCHRONISE,
    Api,
)

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

STRANGE = "f" * 56
DEPOSITED = "auction_deposit wire.ee, user_uuid wire-1, user_email a@b.ee"
PAPER: dict[str, Any] = {"invoice_lines": []}
LEFT_OUT = (
    "The reason for omission may be that the account data isalready in the database or the information is incorrect"
)


def said(response: TestResponse, status: int, *, json: str = "application/json") -> str:
    assert (response.status_code, response.content_type) == (status, json)
    assert response.content_length == len(response.data)
    return response.text


def test_numbers(own_api: Api) -> None:
    number = own_api.system.number() + 1
    assert said(own_api.send(NUMBER), 201) == f'{{"message":"Number created; {number}","invoice_number":{number}}}'
    assert said(own_api.send(MONTHLY, {"count": 2}), 201) == '{"invoice_numbers":[309902,309903]}'
    ended = '{"message":"Directo Counter is out of period!","error":"out of range"}'
    assert said(own_api.send(MONTHLY, {"count": 99}), 501) == ended
    own_api.system.sql("update number_range set next_number = last_number + 1 where kind = 'invoice'")
    ended = '{"message":"Number create failed. out of range","error":"out of range"}'
    assert said(own_api.send(NUMBER), 501) == ended


def test_reference_numbers(api: Api) -> None:
    made = said(api.send(REFERENCE, {"initiator": "registry", "owner": "Roga & Kopyta"}), 201)
    number = api.system.scalar("select number from reference order by id desc limit 1")
    assert made == f'{{"message":"Reference number created; {number}","reference_number":"{number}"}}'


def test_links(api: Api) -> None:
    body = api.registration()
    made = said(api.send(REGISTER, body), 201)
    link = api.system.scalar("select payment_link from invoice where number = :n", n=body["invoice_number"])
    assert made == f'{{"message":"Link created","everypay_link":"{link}"}}'


@pytest.mark.parametrize("path", [ONEOFF, BULK, DEPOSIT])
def test_payment_pages(api: Api, path: str) -> None:
    number = api.system.invoice("auction")
    body: dict[str, Any] = {
        ONEOFF: {"invoice_number": str(number)},
        BULK: {"description": str(number), "transaction_amount": "120.0", "custom_field2": "auction"},
        DEPOSIT: {"description": DEPOSITED, "transaction_amount": "500.0", "custom_field2": "auction"},
    }[path]
    made = said(api.send(path, {**body, "customer_url": BACK["auction"]}, code="auction"), 201)
    page = api.system.scalar("select payment_link from payment order by id desc limit 1")
    assert made == f'{{"message":"Link created","oneoff_redirect_link":"{page}"}}'


def test_an_overdue_invoice_is_paid_with_a_warning(api: Api) -> None:
    number = api.system.invoice()
    body = {"invoice_number": str(number), "customer_url": BACK["registry"]}
    api.send(STATUS, {"invoice_number": number, "status": "overdue"})
    for _ in range(2):  # a new page, and the same again
        made = said(api.send(ONEOFF, body), 201)
        page = api.system.scalar("select payment_link from payment order by id desc limit 1")
        warned = f'"oneoff_redirect_link":"{page}","warning":"Invoice {number} is overdue"'
        assert made == f'{{"message":"Link created",{warned}}}'


def test_done(api: Api) -> None:
    updated, changed = '{"message":"Status updated"}', '{"message":"Invoice data was successfully updated"}'
    for method in ("PUT", "PATCH"):
        number = api.system.invoice()
        key = api.system.scalar("select id from invoice where number = :n", n=number)
        assert said(api.send(STATUS, {"invoice_number": number, "status": "overdue"}), 200) == updated
        new = {"invoice_number": number, "transaction_amount": "121.0"}
        assert said(api.send(AMOUNT, new, method=method), 200) == changed
        assert said(api.send(SYNCHRONISE, {"id": key, "status": "paid"}, method=method), 200) == changed
    api.system.deposit("done.ee", "done-1")
    told = {"domain_name": "done.ee", "user_uuid": "done-1", "status": "prepayment"}
    assert said(api.send(DEPOSIT_STATUS, told, code="auction"), 200) == updated


def test_refunds(api: Api) -> None:
    number, _ = api.system.settle()
    for _ in range(2):
        given_back = api.send(REFUND, {"params": {"invoice_number": number}})
        assert said(given_back, 200) == '{"message":"Invoice was refunded"}'


def test_reservations(api: Api) -> None:
    body = api.registration(
        custom_field2="business_registry", custom_field1="wire-3", reserved_domain_names=["wire.ee"]
    )
    api.send(REGISTER, body)
    number = body["invoice_number"]
    asked = f"{RESERVED}?invoice_number=0{number}&user_unique_id=wire-3"
    unpaid = '{"message":"Domains are not reserved","invoice_status":"unpaid","invoice_number":"0%d"}'
    assert said(api.send(asked, method="GET"), 200) == unpaid % number
    nowhere = (
        '{"message":"Invoice not found","invoice_status":"not_found","invoice_number":"%d","details":"The requested '
        'invoice does not exist or does not belong to the specified user"}'
    )
    strange = f"{RESERVED}?invoice_number={number}&user_unique_id=%25"
    assert said(api.send(strange, method="GET"), 404) == nowhere % number
    holder = {"domain_name": "wire.ee", "token": "wire-3"}
    assert said(api.send(GIVE_UP, {**holder, "token": "%"}), 404) == '{"message":"No invoices found"}'
    assert said(api.send(GIVE_UP, holder), 200) == '{"message":"All invoices cancelled"}'


def test_a_reservation_that_is_paid(api: Api) -> None:
    holder: dict[str, Any] = {"custom_field1": "wire-4", "reserved_domain_names": ["wired.ee"]}
    number = api.system.invoice("business_registry", **holder)
    reference = api.system.one_off(number, "registry")
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()
    asked = f"{RESERVED}?invoice_number={number}&user_unique_id=wire-4"
    paid = f'{{"message":"Domain is reserved","invoice_status":"paid","invoice_number":"{number}"}}'
    assert said(api.send(asked, method="GET"), 200) == paid


def test_papers(api: Api) -> None:
    number = api.system.invoice()
    received = '{"message":"Invoice data received"}'
    assert said(api.send(DIRECTO, {"invoice_data": [{"number": number, **PAPER}]}), 201) == received
    created = '{"message":"Invoice data received","status":"created"}'
    assert said(api.send(E_INVOICE, {"invoice": {"number": number}, "items": []}), 200) == created


@pytest.mark.parametrize(
    ("path", "row", "what"),
    [
        (IMPORT_INVOICES, {"invoice_number": None, "transaction_amount": "1.0", "status": "paid"}, "invoices"),
        (IMPORT_REFERENCES, {"reference_number": "x", "initiator": "registry"}, "reference numbers"),
    ],
)
def test_imports(api: Api, path: str, row: dict[str, Any], what: str) -> None:
    start = f'{{"message":"Added 0 {what}, skipped 1. {LEFT_OUT}",'
    assert said(api.send(path, [row]), 200).startswith(start)


def test_callbacks(api: Api) -> None:
    nothing = '{"message":null,"user_unique_id":null,"custom_field_1":null}'
    assert said(api.get(f"/api/v1{CALLBACK}?payment_reference={STRANGE}&event_name=x"), 200) == nothing


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x.y.z", "Basic x"])
def test_a_stranger(api: Api, token: str) -> None:
    denied = api.system.app.test_client().post(f"/api/v1{NUMBER}", headers={"Authorization": token})
    assert said(denied, 401) == '{"message":"Access denied","code":"403"}'


def test_refusals_hold_the_sentence_of_the_contract(api: Api) -> None:
    """eis.md 14: an object with `message` and the fields in the place of a text; here its sentence is the old one."""
    back = {"customer_url": BACK["registry"]}
    sentence = "Invoice with 123 not found in internal system"
    unknown = said(api.send(ONEOFF, {"invoice_number": "123", **back}), 422)
    assert unknown == f'{{"error":{{"message":"{sentence}"}},"message":"{sentence}"}}'
    number = api.system.invoice()
    foreign = said(api.send(ONEOFF, {"invoice_number": str(number), "customer_url": "https://evil.test"}), 422)
    assert foreign == (
        '{"error":{"customer_url":["this url not supported"],"message":"customer_url this url not supported"},'
        '"message":"customer_url this url not supported"}'
    )
    nobody = said(
        api.send(DEPOSIT_STATUS, {"domain_name": "%", "user_uuid": "%", "status": "paid"}, code="auction"), 422
    )
    assert nobody.startswith('{"error":"Invoice with % and % not found in Deposit Status Controller",')


def test_a_repeated_call_gets_the_same_bytes(api: Api) -> None:
    for path, body, code in (
        (NUMBER, None, "registry"),
        (REFERENCE, {"owner": "x"}, "registry"),
        (IMPORT_INVOICES, [{"invoice_number": None}, {"invoice_number": "zz", "initiator": "nobody"}], "registry"),
        (REGISTER, api.registration(), "registry"),
    ):
        first, second = (api.send(path, body, code=code, Idempotency_Key=f"wire{path}") for _ in range(2))
        assert (first.status_code, first.data) == (second.status_code, second.data)
        assert second.headers["Idempotency-Replayed"] == "true"
