"""Giving everything back of an invoice, as the auction asks for it (eis.md 5.10, 14)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from app.services import full_refunds
from tests.api.client import REFUND, STATUS, error_of, only

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse

    from tests.api.client import Api

    Shape = Callable[[dict[str, Any]], dict[str, Any]]

DONE = {"message": "Invoice was refunded"}
UNPAID_WORDS = {"payment_reference": ["Invalid payment reference"]}
BANK = "Open banking payments cannot be refunded"


def ask(api: Api, number: Any, code: str = "auction", **headers: str) -> TestResponse:
    return api.send(REFUND, {"params": {"invoice_number": number}}, code=code, **headers)


def went_back(api: Api, reference: str) -> Decimal:
    """Return what the gateway gave back, by its own books."""
    moves = [each for each in api.system.shop.store.all("movement") if each["payment_reference"] == reference]
    return sum((Decimal(each["amount"]) for each in moves if each["kind"] == "refunded"), Decimal(0))


def bulk(api: Api, members: int) -> tuple[list[int], str]:
    """Return the numbers of as many invoices, paid at once, and the payment's reference."""
    numbers = [api.system.invoice("auction") for _ in range(members)]
    reference = api.system.bulk(numbers)
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()
    return numbers, reference


def refunds(api: Api, number: int) -> list[tuple[str, int]]:
    rows = api.system.rows(
        "select r.status, r.amount_minor from refund r join invoice i on i.id = r.invoice_id where i.number = :n "
        "order by r.id",
        n=number,
    )
    return [(row.status, row.amount_minor) for row in rows]


def nested(said: dict[str, Any]) -> dict[str, Any]:
    return {"params": said}


SHAPES = pytest.mark.parametrize("shape", [nested, dict])


@pytest.mark.parametrize("kind", [int, str])
@SHAPES
def test_everything_goes_back(api: Api, kind: type, shape: Shape) -> None:
    number, reference = api.system.settle("auction", "500.00")
    response = api.send(REFUND, shape({"invoice_number": kind(number)}), code="auction")
    assert (response.status_code, response.json) == (200, DONE)
    assert api.system.status(number) == "refunded"
    assert refunds(api, number) == [("succeeded", 50000)]
    assert went_back(api, reference) == Decimal("500.00")


def test_a_form_may_ask_as_well(api: Api) -> None:
    number, _ = api.system.settle("registry")
    response = api.raw(REFUND, f"params[invoice_number]={number}".encode(), "application/x-www-form-urlencoded")
    assert (response.status_code, response.json) == (200, DONE)


def test_asking_again_finds_it_done(api: Api) -> None:
    number, reference = api.system.settle("auction")
    assert [ask(api, number).status_code for _ in range(3)] == [200, 200, 200]
    api.system.drain()
    assert went_back(api, reference) == Decimal("120.00")
    assert refunds(api, number) == [("succeeded", 12000)]


def test_the_same_key_gets_the_same_answer(api: Api) -> None:
    number, _ = api.system.settle("auction")
    first = ask(api, number, Idempotency_Key="refund-1")
    again = api.send(REFUND, {"invoice_number": str(number)}, code="auction", Idempotency_Key="refund-1")
    assert (first.json, again.json) == (DONE, DONE)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_an_unknown_invoice_is_not_found(api: Api) -> None:
    response = ask(api, 999999)
    assert (response.status_code, error_of(response)) == (404, {"message": "Invoice not found"})


@pytest.mark.parametrize("owner", ["registry", "eeid"])
def test_a_foreign_invoice_looks_like_an_unknown_one(api: Api, owner: str) -> None:
    number, reference = api.system.settle(owner)
    response = ask(api, number)
    assert (response.status_code, error_of(response)) == (404, {"message": "Invoice not found"})
    assert went_back(api, reference) == 0
    assert api.system.status(number) == "paid"


def test_a_bank_link_payment_cannot_go_back_and_says_so_in_the_gateways_words(api: Api) -> None:
    number = api.system.invoice("auction")
    reference = api.system.one_off(number, "auction")
    api.system.pay(reference, method="bank")
    api.system.callback(reference)
    api.system.drain()
    for _ in range(2):
        response = ask(api, number)
        assert response.status_code == 422
        assert error_of(response) == {"code": 4037, "message": BANK}
    assert api.system.status(number) == "paid"
    assert refunds(api, number) == [("failed", 12000)] * 2
    sentences = "select sentence from review_item where kind = 'refund.refused' order by id desc limit 1"
    assert "pay it back by bank transfer" in api.system.scalar(sentences)


def test_a_wrong_clock_is_passed_on_and_the_next_try_succeeds(api: Api) -> None:
    number, reference = api.system.settle("auction")
    api.system.shop.dial.script([{"operation": "refund", "kind": "wrong_clock"}])
    response = ask(api, number)
    assert response.status_code == 422
    assert error_of(response) == {"code": 4997, "message": "The timestamp is not valid"}
    assert (went_back(api, reference), api.system.status(number)) == (Decimal(0), "paid")
    assert ask(api, number).status_code == 200
    assert went_back(api, reference) == Decimal("120.00")


def test_money_that_is_gone_there_is_refused_and_found_out(api: Api) -> None:
    number, reference = api.system.settle("auction")
    api.system.pay(reference, "refunded", standing=Decimal("20.00"))
    response = ask(api, number)
    assert response.status_code == 422
    assert error_of(response) == {"code": 4013, "message": "The amount cannot be refunded"}
    api.system.drain()
    assert api.system.status(number) == "partially_refunded"
    assert ask(api, number).status_code == 200
    assert refunds(api, number) == [("failed", 12000), ("succeeded", 10000), ("succeeded", 2000)]
    assert went_back(api, reference) == Decimal("120.00")


@pytest.mark.slow
def test_members_of_one_bulk_payment_asked_for_at_once_wait_for_each_other(api: Api) -> None:
    numbers, reference = bulk(api, 4)
    api.system.shop.dial.script([{"operation": "refund", "kind": "slow", "seconds": 0.2}])
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: ask(api, number), numbers))
    assert [each.json for each in answers] == [DONE] * 4
    assert went_back(api, reference) == Decimal("480.00")


def test_a_refund_that_waits_for_another_is_said_to(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_refunds, "PAUSES_S", (0.01,))
    numbers, _ = bulk(api, 2)
    api.system.shop.dial.script([{"operation": "refund", "kind": "reset"}])
    assert ask(api, numbers[0]).status_code == 503
    response = ask(api, numbers[1])
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert error_of(response)["message"].startswith("Another refund of this payment is under way")


def test_an_unpaid_invoice_has_no_payment_to_give_back(api: Api) -> None:
    number = api.system.invoice("auction")
    assert only(ask(api, number)) == UNPAID_WORDS
    api.system.one_off(number, "auction")
    assert only(ask(api, number)) == UNPAID_WORDS
    assert refunds(api, number) == []


def test_money_the_service_received_itself_is_given_back_by_the_service(api: Api) -> None:
    number = api.system.invoice("auction")
    api.send(STATUS, {"invoice_number": number, "status": "paid"}, code="auction")
    assert only(ask(api, number)) == UNPAID_WORDS
    assert api.system.status(number) == "paid"


@pytest.mark.parametrize("body", [{}, {"params": {}}, {"params": None}, None])
def test_the_number_is_needed(api: Api, body: Any) -> None:
    assert only(api.send(REFUND, body, code="auction")) == {"invoice_number": ["is missing"]}


@pytest.mark.parametrize("number", ["", "x", "1.5", -1, True, [], {}, None])
@SHAPES
def test_a_number_is_a_number(api: Api, number: Any, shape: Shape) -> None:
    assert set(only(api.send(REFUND, shape({"invoice_number": number}), code="auction"))) == {"invoice_number"}


@pytest.mark.parametrize("params", ["x", 1, [], [{"invoice_number": 1}], True])
def test_params_is_an_object(api: Api, params: Any) -> None:
    faults = only(api.send(REFUND, {"params": params}, code="auction"))
    assert faults["params"] == ["must be an object"]


def test_two_numbers_are_refused(api: Api) -> None:
    faults = only(api.send(REFUND, {"invoice_number": 1, "params": {"invoice_number": 2}}, code="auction"))
    assert faults == {"body": ["names two invoices"]}


def test_without_a_token_nothing_is_read(api: Api) -> None:
    response = api.system.app.test_client().post(f"/api/v1{REFUND}", json={"params": {}})
    assert (response.status_code, response.json) == (401, {"message": "Access denied", "code": "403"})


def test_what_went_back_already_is_not_given_twice(api: Api) -> None:
    number, reference = api.system.settle("auction")
    api.system.pay(reference, "refunded", standing=Decimal("50.00"))
    api.system.callback(reference)
    api.system.drain()
    assert ask(api, number).status_code == 200
    assert refunds(api, number) == [("succeeded", 7000), ("succeeded", 5000)]
    assert went_back(api, reference) == Decimal("120.00")


def test_a_reserved_amount_is_let_go(api: Api) -> None:
    number = api.system.invoice("auction")
    reference = api.system.one_off(number, "auction")
    api.system.pay(reference, "authorised")
    api.system.callback(reference)
    api.system.drain()
    assert (ask(api, number).status_code, api.system.status(number)) == (200, "unpaid")
    assert ask(api, number).json == DONE
    assert api.system.scalar("select status from payment where external_id = :r", r=reference) == "cancelled"
    payment = api.system.shop.payment(reference)
    assert payment is not None
    assert payment["payment_state"] == "voided"


def test_a_reserved_amount_that_was_taken_meanwhile_goes_back(api: Api) -> None:
    number = api.system.invoice("auction")
    reference = api.system.one_off(number, "auction")
    api.system.pay(reference, "authorised")
    api.system.callback(reference)
    api.system.drain()
    api.system.pay(reference)
    assert ask(api, number).status_code == 200
    assert went_back(api, reference) == Decimal("120.00")
    assert api.system.status(number) == "refunded"


@pytest.mark.parametrize("kind", ["reset_after", "truncate", "html"])
def test_an_answer_that_is_lost_is_found_out_at_once(api: Api, kind: str) -> None:
    number, reference = api.system.settle("auction")
    api.system.shop.dial.script([{"operation": "refund", "kind": kind}])
    assert ask(api, number).status_code == 200
    assert went_back(api, reference) == Decimal("120.00")


def test_what_nobody_knows_yet_is_not_called_failed_and_not_asked_for_twice(api: Api) -> None:
    number, reference = api.system.settle("auction")
    api.system.shop.dial.script([{"operation": "refund", "kind": "reset"}])
    for _ in range(2):
        response = ask(api, number)
        assert response.status_code == 503
        assert "Retry-After" in response.headers
    assert refunds(api, number) == [("unknown", 12000)]
    assert api.system.status(number) == "paid"
    assert went_back(api, reference) == Decimal(0)


def test_a_disputed_payment_is_not_given_back(api: Api) -> None:
    number, reference = api.system.settle("auction")
    api.system.pay(reference, "chargebacked")
    api.system.callback(reference)
    api.system.drain()
    response = ask(api, number)
    assert (response.status_code, error_of(response)["code"]) == (409, "disputed")


def test_above_the_tenants_limit_a_second_person_is_asked(own_api: Api) -> None:
    own_api.system.sql("update setting set value = '100' where code = 'service_refund_approval_above'")
    number, reference = own_api.system.settle("auction")
    for _ in range(2):
        response = ask(own_api, number)
        assert (response.status_code, error_of(response)["code"]) == (409, "refund_pending_approval")
    assert refunds(own_api, number) == [("pending_approval", 12000)]
    assert went_back(own_api, reference) == Decimal(0)
