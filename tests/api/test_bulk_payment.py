"""POST invoice_generator/bulk_payment (eis.md 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from app.integrations.breaker import Breaker
from app.integrations.fault_dial import Fault
from app.web import limits
from tests.api.client import BACK, BULK, ONEOFF, STATUS, error_of, only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from tests.api.client import Api


@pytest.fixture(autouse=True)
def _calm_gateway(api: Api) -> Iterator[None]:
    yield
    api.system.shop.dial.turn([])
    api.system.app.extensions["integrations"].everypay._caller.breaker = Breaker()


def wish(numbers: list[int], amount: Any = "", code: str = "auction", **more: Any) -> dict[str, Any]:
    return {
        "description": " ".join(map(str, numbers)),
        "transaction_amount": amount or f"{120 * len(numbers)}.0",
        "customer_url": BACK[code],
        "custom_field2": code,
        **more,
    }


def invoices(api: Api, count: int = 2, code: str = "auction") -> list[int]:
    return [api.system.invoice(code) for _ in range(count)]


def pay(api: Api, numbers: list[int], code: str = "auction", **more: Any) -> TestResponse:
    return api.send(BULK, wish(numbers, code=code) | more, code=code)


def changed_nothing(api: Api, response: TestResponse, numbers: list[int]) -> bool:
    rows = "select count(*) from bulk_member m join invoice i on i.id = m.member_id where i.number = any(:numbers)"
    return response.status_code == 422 and api.system.scalar(rows, numbers=numbers) == 0


@pytest.mark.parametrize("code", ["auction", "registry", "eeid"])
def test_several_invoices_get_one_payment_page(api: Api, code: str) -> None:
    response = pay(api, invoices(api, 3, code), code, reference_number=None, affiliation="regular")
    assert response.status_code == 201
    assert set(response.json) == {"message", "oneoff_redirect_link"}  # type: ignore[arg-type]
    assert response.json["message"] == "Link created"  # type: ignore[index]
    assert response.json["oneoff_redirect_link"].startswith("http://everypay.test/pay/")  # type: ignore[index]


def test_the_gateway_is_asked_for_the_sum_under_a_number_of_the_deposit_range(api: Api) -> None:
    numbers = invoices(api, 3)
    pay(api, numbers)
    parent = api.system.scalar("select max(number) from invoice where kind = 'bulk'")
    assert 10_001 <= parent <= 14_001
    made = api.system.shop.by_order(f"Ref:{parent}, {', '.join(map(str, numbers))}")
    assert made is not None
    assert made["initial_amount"] == "360.00"


def test_a_single_member_is_a_bulk_payment_too(api: Api) -> None:
    assert pay(api, invoices(api, 1)).status_code == 201


def test_more_members_than_a_reference_has_room_for_are_paid_all_the_same(api: Api) -> None:
    numbers = invoices(api, 30)
    assert pay(api, numbers).status_code == 201
    parent = api.system.scalar("select max(number) from invoice where kind = 'bulk'")
    sent = api.system.scalar("select merchant_ref from payment order by id desc limit 1")
    assert len(sent) <= 120
    assert sent.startswith(f"Ref:{parent}, {numbers[0]}, ")
    assert (
        api.system.scalar(
            "select count(*) from bulk_member m join invoice i on i.id = m.parent_id where i.number = :n", n=parent
        )
        == 30
    )


def test_the_parent_keeps_the_description_as_it_was_given(api: Api) -> None:
    numbers = invoices(api)
    pay(api, numbers)
    row = api.system.rows("select description, kind from invoice order by id desc limit 1")[0]
    assert tuple(row) == (f"{numbers[0]} {numbers[1]}", "bulk")


@pytest.mark.parametrize("field", ["custom_field2", "customer_url", "description", "transaction_amount"])
def test_every_field_of_the_contract_is_missed_by_name(api: Api, field: str) -> None:
    body = wish([150_005])
    del body[field]
    assert only(api.send(BULK, body, code="auction")) == {field: ["is missing"]}


@pytest.mark.parametrize("field", ["custom_field2", "customer_url", "description", "transaction_amount"])
@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "must be filled"),
        (" ", "must be filled"),
        (["1"], "must be a string"),
        ({"a": 1}, "must be a string"),
        (True, "must be a string"),
        (None, "must be filled"),
    ],
)
def test_every_field_of_the_contract_is_filled_text(api: Api, field: str, value: Any, fault: str) -> None:
    assert only(api.send(BULK, wish([150_005]) | {field: value}, code="auction")) == {field: [fault]}


@pytest.mark.parametrize("url", ["http://evil.example/", "https://a", "evil.example/x", "http://auction.test:81/"])
def test_only_a_registered_origin_may_get_the_payer_back(api: Api, url: str) -> None:
    numbers = invoices(api)
    taken = api.count("number_reservation")
    response = pay(api, numbers, customer_url=url)
    assert only(response) == {"customer_url": ["this url not supported"]}
    assert api.count("number_reservation") == taken, "a wrong address burns no number"


@pytest.mark.parametrize("amount", ["239.99", "240.01", "0", "120", "1000"])
def test_the_sum_is_checked_against_the_members(api: Api, amount: str) -> None:
    numbers = invoices(api)
    response = pay(api, numbers, transaction_amount=amount)
    assert only(response) == {"transaction_amount": ["must be 240.00, the sum of what is due on these invoices"]}
    assert changed_nothing(api, response, numbers)


@pytest.mark.parametrize("amount", ["x", "-1", "1e2", "240.001", "240,00", "240.000002", "240.0000000000000000001"])
def test_the_amount_is_an_amount(api: Api, amount: str) -> None:
    assert set(only(pay(api, invoices(api), transaction_amount=amount))) == {"transaction_amount"}


@pytest.mark.parametrize(
    ("totals", "amount"),
    [
        (("0.10", "0.20"), "0.30000000000000004"),
        (("4731.07", "1669.24"), "6400.3099999999995"),
        (("3553.63", "1152.04", "3994.55"), 8700.220000000001),
    ],
)
def test_a_sum_is_the_one_auction_gets_from_its_floats(api: Api, totals: tuple[str, ...], amount: Any) -> None:
    """It adds up `to_f` and sends what comes out: about every seventh sum strays from its cents."""
    numbers = [api.system.invoice("auction", each) for each in totals]
    assert pay(api, numbers, transaction_amount=amount).status_code == 201


@pytest.mark.parametrize("amount", [240, 240.0, "240", "240.0", "240.00"])
def test_every_spelling_of_the_sum_is_understood(api: Api, amount: Any) -> None:
    assert pay(api, invoices(api), transaction_amount=amount).status_code == 201


@pytest.mark.parametrize(
    "text",
    ["abc", "150005.ee", "150005,150006", "-1", "150005; drop table invoice", "%", "12345678901", "１５０００５"],
)
def test_the_description_is_numbers_and_nothing_else(api: Api, text: str) -> None:
    assert set(only(api.send(BULK, wish([], "1.00", description=text), code="auction"))) == {"description"}


def test_a_number_named_twice_is_refused(api: Api) -> None:
    numbers = invoices(api, 1) * 2
    assert only(pay(api, numbers)) == {"description": ["names an invoice twice"]}


def test_more_than_a_hundred_members_are_refused(api: Api) -> None:
    assert only(pay(api, list(range(1, 102)))) == {"description": ["must name at most 100 invoices"]}


def test_an_unknown_member_is_named(api: Api) -> None:
    numbers = [*invoices(api, 1), 123, 124]
    response = pay(api, numbers)
    assert only(response) == {
        "description": ["invoice 123 not found in internal system", "invoice 124 not found in internal system"]
    }
    assert changed_nothing(api, response, numbers)


def test_a_foreign_member_looks_exactly_like_an_unknown_one(api: Api) -> None:
    foreign = api.system.invoice("registry")
    numbers = [*invoices(api, 1), foreign]
    response = pay(api, numbers)
    assert only(response) == {"description": [f"invoice {foreign} not found in internal system"]}
    assert changed_nothing(api, response, numbers)


@pytest.mark.parametrize("owner", ["registry", "business_registry", "nobody"])
def test_nobody_pays_in_the_name_of_another(api: Api, owner: str) -> None:
    assert set(only(pay(api, invoices(api), custom_field2=owner))) == {"custom_field2"}


def test_the_registry_pays_for_whom_it_acts(api: Api) -> None:
    number = api.system.invoice("registry", custom_field2="business_registry")
    body = wish([number], code="registry") | {"custom_field2": "business_registry"}
    assert api.send(BULK, body).status_code == 201
    assert only(api.send(BULK, body | {"custom_field2": "registry"})) == {
        "description": [f"invoice {number} not found in internal system"]
    }


@pytest.mark.parametrize("status", ["paid", "cancelled"])
def test_what_is_over_cannot_be_paid(api: Api, status: str) -> None:
    numbers = invoices(api)
    api.send(STATUS, {"invoice_number": numbers[0], "status": status}, code="auction")
    response = pay(api, numbers)
    assert only(response) == {"description": [f"invoice {numbers[0]} is {status}"]}
    assert changed_nothing(api, response, numbers)


def test_overdue_invoices_can_be_paid(api: Api) -> None:
    numbers = invoices(api)
    for number in numbers:
        api.send(STATUS, {"invoice_number": number, "status": "overdue"}, code="auction")
    assert pay(api, numbers).status_code == 201


def test_a_bulk_payment_is_no_member_of_another(api: Api) -> None:
    pay(api, invoices(api))
    parent = api.system.scalar("select max(number) from invoice where kind = 'bulk'")
    assert only(pay(api, [parent])) == {"description": [f"invoice {parent} is a bulk payment itself"]}


def test_the_payer_who_asks_again_gets_the_same_page(api: Api) -> None:
    numbers = invoices(api)
    taken = api.count("number_reservation")
    assert pay(api, numbers).json == pay(api, numbers[::-1]).json
    assert api.count("number_reservation") == taken + 1


def test_its_own_number_can_be_paid_like_any_other(api: Api) -> None:
    page = pay(api, invoices(api)).json
    parent = api.system.scalar("select max(number) from invoice where kind = 'bulk'")
    body = {"invoice_number": parent, "customer_url": BACK["auction"]}
    assert api.send(ONEOFF, body, code="auction").json == page


def test_the_gateway_s_refusal_passes_through_with_its_code(api: Api) -> None:
    numbers = [api.system.invoice("auction", "8000000.00")]
    response = api.send(BULK, wish(numbers, "8000000.00"), code="auction")
    assert response.status_code == 422
    assert error_of(response) == {"code": 4010, "message": "The amount is not valid"}


@pytest.mark.parametrize("kind", ["html", "truncate", "reset_after", "reset"])
def test_a_gateway_that_answers_nonsense_is_an_error_to_come_back_from(api: Api, kind: str) -> None:
    numbers = invoices(api)
    taken = api.count("number_reservation")
    api.system.shop.dial.turn([Fault("create", kind, times=10)])
    response = pay(api, numbers)
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    api.system.shop.dial.turn([])
    api.system.app.extensions["integrations"].everypay._caller.breaker = Breaker()
    assert pay(api, numbers).status_code == 201
    assert api.count("number_reservation") == taken + 1, "trying again burns no second number"


def test_the_end_of_the_range_is_said(own_api: Api) -> None:
    numbers = invoices(own_api, 1)
    own_api.system.sql("update number_range set next_number = last_number + 1 where kind = 'deposit'")
    response = pay(own_api, numbers)
    assert response.status_code == 501
    assert response.json == {"message": "Number create failed. out of range", "error": "out of range"}
    assert own_api.count("bulk_member") == 0


def test_forms_work_like_json(api: Api) -> None:
    body = urlencode(wish([api.system.invoice()], code="registry")).encode()
    assert api.raw(BULK, body, "application/x-www-form-urlencoded").status_code == 201


def test_too_many_payments_are_slowed_down(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = invoices(api, 1)
    monkeypatch.setattr(limits.Budget, "spend", lambda *_: False)
    response = pay(api, numbers)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "60"
