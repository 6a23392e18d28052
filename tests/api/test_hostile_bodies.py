"""Bodies nobody honest sends: a clear 4xx, never a 5xx, never a row (security.md T19, T20, T33, T36, T37)."""

from __future__ import annotations

import json
import time
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import (
    AMOUNT,
    ARRAYS,
    BACK,
    BULK,
    DEPOSIT,
    DEPOSIT_STATUS,
    DIRECTO,
    E_INVOICE,
    GIVE_UP,
    MONTHLY,
    ONEOFF,
    REFERENCE,
    REFUND,
    REGISTER,
    ROUTES,
    STATUS,
    SYNCHRONISE,
    error_of,
)

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api


TABLES = (
    "invoice",
    "payment",
    "event",
    "outbox",
    "ledger_entry",
    "reference",
    "number_reservation",
    "idempotency_key",
    "document",
)

MALFORMED = [
    b"{",
    b"}",
    b"[",
    b"nul",
    b"nulll",
    b"'a'",
    b"{'a': 1}",
    b"{a: 1}",
    b'{"a": 1,}',
    b'{"a" 1}',
    b'{"a": 01}',
    b'{"a": .5}',
    b'{"a": 1.}',
    b'{"a": +1}',
    b'{"a": 0x10}',
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b'{"a": -Infinity}',
    b'{"a": "\n"}',
    b'{"a": "\\x41"}',
    b'{"a": "\\u12"}',
    b'{"a": "\\ud800"}',
    b'{"\\udfff": 1}',
    b'{"a": "\xff"}',
    b'{"a": "\xc3"}',
    b'{"a": "\xed\xa0\x80"}',
    b'\xef\xbb\xbf{"a": 1}',
    '{"a": 1}'.encode("utf-16"),
    '{"a": 1}'.encode("utf-16-le"),
    '{"a": 1}'.encode("utf-32"),
    b'{"a": 1}{"a": 1}',
    b'{"a": 1} x',
    b'/* */ {"a": 1}',
    b'{"a": 1, "a": 1}',
    b'{"x": {"a": 1, "a": 2}}',
    b'{"x": [{"a": 1, "\\u0061": 2}]}',
    b'{"x": ' + b"[" * 40 + b"]" * 40 + b"}",
    b'{"x": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}",
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b"[]",
    b"[{}]",
    b"5",
    b'"text"',
    b"true",
    b"\0",
]
FORMS = [b"a=%ff", b"a=1&a=2", b"a[]=1&a=2", b"a=1&a[]=2", b"\xff=1", b"&".join(b"a%d=1" % n for n in range(600))]
DOUBLED = {
    REGISTER: b'{"invoice_number":1,"invoice_number":2,"transaction_amount":"1"}',
    STATUS: b'{"invoice_number":1,"status":"unpaid","status":"paid"}',
    AMOUNT: b'{"invoice_number":1,"transaction_amount":"1","transaction_amount":"2"}',
    DEPOSIT: b'{"description":"1","description":"2","transaction_amount":"1","custom_field2":"auction"}',
    DEPOSIT_STATUS: b'{"domain_name":"a.ee","user_uuid":"u","status":"paid","status":"returned"}',
    SYNCHRONISE: b'{"id":1,"id":2,"status":"paid"}',
    MONTHLY: b'{"count":1,"count":1000}',
    ONEOFF: b'{"invoice_number":1,"customer_url":"http://registrar.test","customer_url":"http://evil.test"}',
    BULK: b'{"description":"1","description":"2","transaction_amount":"1","custom_field2":"registry"}',
    REFERENCE: b'{"initiator":"registry","initiator":"auction"}',
    REFUND: b'{"params":{"invoice_number":1,"invoice_number":2}}',
}


def is_answered(response: TestResponse) -> bool:
    """Return whether this is no accident of ours; numbers may run out meanwhile."""
    return response.status_code < 500 or (response.status_code == 501 and response.json["error"] == "out of range")  # type: ignore[index]


def rows(api: Api) -> list[int]:
    return [api.count(table) for table in TABLES]


@pytest.mark.parametrize("path", sorted(set(ROUTES) - ARRAYS))
def test_what_is_not_one_json_object_is_refused(api: Api, path: str) -> None:
    before = rows(api)
    for body in MALFORMED:
        response = api.raw(path, body)
        assert response.status_code == 400, body[:60]
        error_of(response)
    assert rows(api) == before


@pytest.mark.parametrize("path", sorted(ARRAYS))
def test_what_is_not_one_json_array_is_refused(api: Api, path: str) -> None:
    before = rows(api)
    for body in (each for each in MALFORMED if each not in {b"[]", b"[{}]"}):
        response = api.raw(path, body)
        assert response.status_code == 400, body[:60]
        error_of(response)
    assert rows(api) == before


@pytest.mark.parametrize("path", sorted(set(ROUTES) - ARRAYS))
def test_what_is_not_one_form_is_refused(api: Api, path: str) -> None:
    before = rows(api)
    for body in FORMS:
        assert api.raw(path, body, "application/x-www-form-urlencoded").status_code == 400, body[:60]
    assert rows(api) == before


@pytest.mark.parametrize("path", DOUBLED)
def test_a_field_said_twice_is_refused(api: Api, path: str) -> None:
    response = api.raw(path, DOUBLED[path])
    assert response.status_code == 400
    assert "twice" in error_of(response)["message"]


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", "utf-7", "x"])
def test_only_utf_8_is_read(api: Api, charset: str) -> None:
    assert api.raw(MONTHLY, b'{"count":1}', f"application/json; charset={charset}").status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", "application/vnd.api+json", None])
def test_every_name_of_json_is_understood(api: Api, kind: str | None) -> None:
    assert api.raw(STATUS, b'{"invoice_number":1,"status":"paid"}', kind).status_code == 404


def test_thirty_two_levels_are_deep_enough(api: Api) -> None:
    body = b'{"count":1,"x":' + b"[" * 31 + b"]" * 31 + b"}"
    assert api.raw(MONTHLY, body).status_code == 201


def test_hostile_bodies_cost_no_time(api: Api) -> None:
    names = b",".join(b'"%x":0' % n for n in range(25_000))
    slow = [
        b"[" * 250_000,
        b'{"transaction_amount":1e1000000,"invoice_number":' + b"9" * 250_000 + b"}",
        b"{" + names + b',"z":1,"z":2}',
    ]
    for body in slow:
        began = time.process_time()
        assert api.raw(REGISTER, body).status_code in {400, 422}
        assert time.process_time() - began < 1


# Letters that do not repeat: what PostgreSQL keeps in an index is bounded after it was compressed.
LONG = "".join(map(chr, Random(7).choices(range(0x4E00, 0x9FFF), k=2_000)))
VALUES: list[Any] = [
    LONG, LONG[:300], [LONG[:300]] * 3,
    None, True, False, 0, -1, 1.5, 10**30, "", " ", "\0", "a\0b", "\u202e", "%", "_", "\\", "'; drop table invoice; --",
    "1 or 1=1", "<script>alert(1)</script>", "{{7*7}}", "${7*7}", "../../etc/passwd", "null", "NaN", "Infinity", "-0",
    "1e5", "0x1F", "１２", "١٢", "a" * 2_001, "ä" * 2_000, "\r\nSet-Cookie: a=b", [], [[]], [None], ["a"], [1] * 1_000,
    {}, {"a": 1}, {"$ne": None}, {"invoice_number": 1}, [{"a": [1]}], 2**63, -(2**63), 10**400, 1e308, 5e-324,
]  # fmt: skip
GOOD: dict[str, dict[str, Any]] = {
    REGISTER: {
        "invoice_number": 7, "transaction_amount": "1.00", "custom_field1": "x", "custom_field2": "registry",
        "reserved_domain_names": None, "affiliation": "x", "reference_number": "13", "customer_name": "x",
        "customer_email": "x@y.ee",
    },
    ONEOFF: {"invoice_number": 7, "customer_url": BACK["registry"], "reference_number": "13", "amount": "1.00"},
    MONTHLY: {"count": 1},
    REFERENCE: {"initiator": "registry", "owner": "x", "email": "x@y.ee"},
    STATUS: {"invoice_number": 7, "status": "paid"},
    AMOUNT: {"invoice_number": 7, "transaction_amount": "1.00"},
    DIRECTO: {"invoice_data": [{"number": 7}], "initiator": "registry", "monthly": False, "dry": ""},
    E_INVOICE: {
        "invoice": {"number": 7}, "items": [{"price": "1.0"}], "invoice_subtotal": "1.0", "vat_amount": "0.24",
        "payable": True, "buyer_billing_email": "x@y.ee", "buyer_e_invoice_iban": "x", "seller_country_code": "EE",
        "buyer_country_code": "EE", "balance_date": "x", "balance_begin": 0, "inbound": 0, "outbound": 0,
        "balance_end": 0, "initiator": "registry",
    },
    GIVE_UP: {"domain_name": "a.ee", "token": "5e03f248-6"},
    BULK: {
        "description": "7", "transaction_amount": "1.00", "customer_url": BACK["registry"], "custom_field2": "registry",
        "reference_number": "13",
    },
    DEPOSIT_STATUS: {"domain_name": "a.ee", "user_uuid": "5e03f248-6", "status": "paid"},
}  # fmt: skip
FIELDS = [(path, field) for path, body in GOOD.items() for field in body]


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_no_value_of_any_field_breaks_anything(api: Api, path: str, field: str) -> None:
    """A thousand cases: every field of every route with every value of the corpus."""
    for value in VALUES:
        response = api.send(path, {**GOOD[path], field: value})
        assert is_answered(response), (field, value, response.text)
        if response.status_code not in {200, 201, 501} and (path, response.status_code) != (GIVE_UP, 404):
            error_of(response)


@pytest.mark.parametrize("field", ["custom_field1", "customer_name", "customer_email", "reference_number"])
def test_what_is_looked_up_by_has_a_length_that_is_said(api: Api, field: str) -> None:
    names: dict[str, Any] = {"reserved_domain_names": ["a.ee"]} if field == "custom_field1" else {}
    good, bad = api.registration(**names, **{field: LONG[:300]}), api.registration(**names, **{field: LONG[:301]})
    assert api.send(REGISTER, good).status_code == 201
    refused = api.send(REGISTER, bad)
    assert refused.status_code == 422
    assert "must be at most 300 characters" in str(error_of(refused))


@pytest.mark.slow
def test_mutated_bodies_never_break_anything(api: Api) -> None:
    """Good bodies with bytes changed, cut and doubled."""
    dice = Random(11)
    for path, body in GOOD.items():
        good = json.dumps(body).encode()
        for _ in range(60):
            place, kind = dice.randrange(len(good)), dice.randrange(3)
            byte = bytes([dice.randrange(256)])
            changed = [good[:place] + byte + good[place + 1 :], good[:place], good[:place] + good[place // 2 :]][kind]
            assert is_answered(api.raw(path, changed)), changed
