"""POST invoice_generator/deposit_status (eis.md 5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.api.client import DEPOSIT_STATUS, error_of, only

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

WORDS = ["paid", "prepayment", "returned"]
DONE = {"message": "Status updated"}
STATUS_OF = "select status from deposit where user_uuid = :u order by id"
MONEY = """select (select count(*) from ledger_entry), (select count(*) from payment), (select count(*) from refund),
                  (select count(*) from allocation), (select sum(version) from invoice)"""


def report(
    api: Api, user: str, status: Any, *, domain: str = "a.ee", code: str = "auction", method: str = "POST", **more: Any
) -> TestResponse:
    body = {"domain_name": domain, "user_uuid": user, "status": status, **more}
    return api.send(DEPOSIT_STATUS, body, code=code, method=method)


def statuses(api: Api, user: str) -> list[str]:
    return [row.status for row in api.system.rows(STATUS_OF, u=user)]


def paid(api: Api, user: str) -> None:
    reference = api.system.deposit(user=user)
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("word", WORDS)
def test_the_auction_s_word_is_noted(api: Api, word: str, method: str) -> None:
    user = f"noted-{word}-{method}"
    paid(api, user)
    response = report(api, user, word, method=method, invoice_number=10_001)
    assert (response.status_code, response.json) == (200, DONE)
    assert statuses(api, user) == [word]


@pytest.mark.parametrize("word", WORDS)
def test_no_money_moves_by_it(api: Api, word: str) -> None:
    user = f"money-{word}"
    paid(api, user)
    before = api.system.rows(MONEY)
    report(api, user, word)
    assert api.system.rows(MONEY) == before
    number = api.system.scalar(
        "select i.number from deposit d join invoice i on i.id = d.invoice_id where d.user_uuid = :u", u=user
    )
    assert api.system.status(number) == "paid"


def test_the_same_word_again_changes_nothing(api: Api) -> None:
    paid(api, "again")
    report(api, "again", "returned")
    events = api.count("event")
    assert report(api, "again", "returned").json == DONE
    assert api.count("event") == events


def test_it_stands_on_the_timeline(api: Api) -> None:
    paid(api, "told")
    report(api, "told", "returned")
    line = api.system.rows("select actor, data from event where kind = 'deposit.reported' order by id desc limit 1")[0]
    assert tuple(line) == ("auction", {"before": "paid", "after": "returned"})


def test_it_concerns_the_attempt_that_was_paid_not_the_oldest(api: Api) -> None:
    """The first attempt was abandoned and replaced, the second paid, the third only begun."""
    api.system.deposit(user="three", amount="400")
    paid(api, "three")
    api.system.deposit(user="three", amount="600")
    assert statuses(api, "three") == ["prepayment", "paid", "prepayment"]
    assert report(api, "three", "returned").status_code == 200
    assert statuses(api, "three") == ["prepayment", "returned", "prepayment"]


def test_of_two_paid_ones_it_concerns_the_later(api: Api) -> None:
    paid(api, "twice")
    paid(api, "twice")
    report(api, "twice", "returned")
    assert statuses(api, "twice") == ["paid", "returned"]


def test_of_none_paid_it_concerns_the_newest(api: Api) -> None:
    api.system.deposit(user="newest", amount="400")
    api.system.deposit(user="newest", amount="500")
    report(api, "newest", "paid")
    assert statuses(api, "newest") == ["prepayment", "paid"]


def test_after_a_returned_deposit_the_user_may_deposit_again(api: Api) -> None:
    paid(api, "returning")
    report(api, "returning", "returned")
    paid(api, "returning")
    assert statuses(api, "returning") == ["returned", "paid"]


def test_an_unknown_deposit_is_said_and_asked_about(api: Api) -> None:
    response = report(api, "nobody", "paid", domain="none.ee")
    assert response.status_code == 422
    sentence = "Invoice with none.ee and nobody not found in Deposit Status Controller"
    assert response.json == {"error": sentence, "message": sentence}
    report(api, "nobody", "paid", domain="none.ee")
    items = api.system.rows(
        "select sentence from review_item where kind = 'deposit.unknown' and sentence like '%none.ee%'"
    )
    assert len(items) == 1


def test_an_invoice_that_is_no_deposit_is_not_found(api: Api) -> None:
    number = api.system.invoice("auction", custom_field1="auction_deposit regular.ee, user_uuid r, user_email r@x")
    assert report(api, "r", "paid", domain="regular.ee").status_code == 422
    assert api.system.status(number) == "unpaid"


@pytest.mark.parametrize("code", ["registry", "eeid"])
def test_a_foreign_deposit_looks_exactly_like_an_unknown_one(api: Api, code: str) -> None:
    user = f"foreign-{code}"
    paid(api, user)
    foreign, nothing = report(api, user, "returned", code=code), report(api, "nobody", "returned", code=code)
    assert foreign.status_code == nothing.status_code == 422
    assert foreign.text.replace(user, "U") == nothing.text.replace("nobody", "U")
    assert statuses(api, user) == ["paid"]


@pytest.mark.parametrize(
    ("domain", "user"),
    [
        ("%", "wild"),
        ("w%.ee", "wild"),
        ("wild.ee", "%"),
        ("wild.ee", "wil_"),
        ("ild.ee", "wild"),
        ("swild.ee", "wild"),
        ("WILD.EE", "wild"),
        ("wild.ee'; --", "wild"),
    ],
)
def test_nothing_is_a_wildcard(api: Api, domain: str, user: str) -> None:
    if not statuses(api, "wild"):
        api.system.deposit("wild.ee", "wild")
    assert report(api, user, "returned", domain=domain).status_code == 422
    assert statuses(api, "wild") == ["prepayment"]


def test_a_name_inside_another_is_another(api: Api) -> None:
    api.system.deposit("superpre.ee", "inside")
    assert report(api, "inside", "returned", domain="pre.ee").status_code == 422


@pytest.mark.parametrize("word", ["unpaid", "refunded", "Paid", "%", "1"])
def test_an_unknown_status_is_said(api: Api, word: str) -> None:
    response = report(api, "whoever", word)
    assert response.status_code == 422
    sentence = "Wrong invoice status  in Deposit Status Controller"
    assert response.json == {"error": sentence, "message": sentence, "details": {"status": [sentence]}}


@pytest.mark.parametrize("field", ["domain_name", "user_uuid", "status"])
@pytest.mark.parametrize(
    ("value", "fault"), [("", "must be filled"), (None, "must be filled"), ([], "must be a string")]
)
def test_no_field_may_be_empty(api: Api, field: str, value: Any, fault: str) -> None:
    body = {"domain_name": "a.ee", "user_uuid": "u", "status": "paid", field: value}
    assert only(api.send(DEPOSIT_STATUS, body, code="auction")) == {field: [fault]}


@pytest.mark.parametrize("field", ["domain_name", "user_uuid", "status"])
def test_every_field_is_missed_by_name(api: Api, field: str) -> None:
    body = {"domain_name": "a.ee", "user_uuid": "u", "status": "paid"}
    del body[field]
    assert only(api.send(DEPOSIT_STATUS, body, code="auction")) == {field: ["is missing"]}


@pytest.mark.parametrize(
    ("sent", "headers", "status", "sentence"),
    [
        (b'{"domain_name": "a.ee"}', {}, 422, "user_uuid is missing; status is missing"),
        (b"{", {}, 400, "The body is not JSON: Expecting property name enclosed in double quotes at line 1 column 2"),
        (
            b'{"domain_name": "a.ee", "user_uuid": "u", "status": "paid"}',
            {"Idempotency_Key": "a b"},
            422,
            "Idempotency",
        ),
    ],
)
def test_whatever_is_refused_is_a_text_that_the_auction_prints(
    api: Api, sent: bytes, headers: dict[str, str], status: int, sentence: str
) -> None:
    response = api.raw(DEPOSIT_STATUS, sent, **headers)
    said = response.json or {}
    assert (response.status_code, said["error"]) == (status, said["message"])
    assert said["error"].startswith(sentence)


def test_forms_are_read_like_json(api: Api) -> None:
    body = urlencode({"domain_name": "form.ee", "user_uuid": "f", "status": "paid"}).encode()
    response = api.raw(DEPOSIT_STATUS, body, "application/x-www-form-urlencoded")
    assert error_of(response)["message"] == "Invoice with form.ee and f not found in Deposit Status Controller"
