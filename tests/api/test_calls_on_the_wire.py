"""Every call eis.md 10.2 says we make today, letter by letter as the services receive it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.integrations.everypay.wire import SNAPSHOT_KEYS
from app.integrations.initiators import wire
from tests.api.client import SYNCHRONISE

if TYPE_CHECKING:
    from tests.api.client import Api


def received(api: Api, code: str, route: str) -> str:
    return str(api.system.service(code).store.exchanges(f"PUT /eis_billing/{route}")[-1]["body"])


def snapshot(api: Api, reference: str, number: int | str) -> str:
    """Return the 21 fields as appendix B writes them: numbers as the gateway sends them, what it left out as null."""
    payment: Any = api.system.shop.payment(reference)
    return (
        f'"account_name":"EUR3D1","order_reference":"{number}","email":null,"customer_ip":null,'
        f'"customer_url":"{payment["customer_url"]}","payment_created_at":"{payment["payment_created_at"]}",'
        f'"initial_amount":{payment["initial_amount"]},"standing_amount":{payment["standing_amount"]},'
        f'"payment_reference":"{reference}","payment_link":"{payment["payment_link"]}",'
        f'"api_username":"{payment["api_username"]}","warnings":{{}},"stan":null,"fraud_score":null,'
        '"payment_state":"settled","payment_method":"card","ob_details":null,"creditor_iban":null,'
        f'"ob_payment_reference":null,"ob_payment_state":null,"transaction_time":"{payment["transaction_time"]}"'
    )


def pay(api: Api, reference: str) -> None:
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()


@pytest.mark.parametrize(("code", "collection"), [("registry", "[]"), ("auction", "null"), ("eeid", "[]")])
def test_the_news_of_a_payment(api: Api, code: str, collection: str) -> None:
    number, reference = api.system.settle(code)
    body = f'{{{snapshot(api, reference, number)},"invoice_number_collection":{collection}}}'
    assert received(api, code, "payment_status") == body
    assert '"initial_amount":120.00,"standing_amount":120.00' in body, "numbers, with the digits of the gateway"


def test_the_news_of_a_bulk_payment(api: Api) -> None:
    members = [api.system.invoice("auction", "10.00"), api.system.invoice("auction", "20.50")]
    before = api.system.one_off(members[0], "auction")
    reference = api.system.bulk(members)
    pay(api, reference)
    parent = api.system.scalar("select max(number) from invoice where kind = 'bulk'")
    order = f"Ref:{parent}, {members[0]}, {members[1]}"
    first, second = f'{{"number":{members[0]},"ref":"{before}"}}', f'{{"number":{members[1]},"ref":null}}'
    body = f'{{{snapshot(api, reference, order)},"invoice_number_collection":[{first},{second}]}}'
    assert received(api, "auction", "payment_status") == body


def test_the_news_of_a_deposit(api: Api) -> None:
    pay(api, api.system.deposit("told.ee", "told-1", "500.0"))
    number = api.system.scalar("select max(number) from invoice where kind = 'auction_deposit'")
    assert received(api, "auction", "payment_status") == (
        '{"domain_name":"told.ee","user_uuid":"told-1","user_email":"told-1@users.test","transaction_amount":500.00,'
        f'"invoice_number":{number},"description":"deposit","affiliation":1}}'
    )


@pytest.mark.parametrize(("amount", "written"), [("120.00", "120.0"), ("99.90", "99.9"), ("0.05", "0.05")])
def test_an_invoice_that_is_synchronised(api: Api, amount: str, written: str) -> None:
    number = api.system.invoice("registry", amount)
    key = api.system.scalar("select id from invoice where number = :n", n=number)
    api.send(SYNCHRONISE, {"id": key, "status": "paid"})
    assert received(api, "registry", "invoices") == (
        f'{{"invoice":{{"invoice_number":{number},"initiator":"registry","payment_reference":null,'
        f'"transaction_amount":"{written}","status":"unpaid","in_directo":false,"everypay_response":null,'
        '"transaction_time":null,"sent_at_omniva":null},"status":"paid"}'
    )


def test_a_paid_invoice_that_is_synchronised_carries_the_snapshot(api: Api) -> None:
    number, reference = api.system.settle("auction")
    key = api.system.scalar("select id from invoice where number = :n", n=number)
    api.send(SYNCHRONISE, {"id": key, "status": "paid"}, code="auction")
    assert f'"everypay_response":{{{snapshot(api, reference, number)}}}' in received(api, "auction", "invoices")


def test_both_sides_know_the_same_fields() -> None:
    assert wire.SNAPSHOT == SNAPSHOT_KEYS
