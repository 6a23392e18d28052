"""POST invoice_generator/deposit_prepayment (eis.md 5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from app.integrations.breaker import Breaker
from app.integrations.fault_dial import Fault
from app.web import limits
from tests.api.client import BACK, DEPOSIT, error_of, only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from tests.api.client import Api

GRAMMAR = "must be: auction_deposit <domain>, user_uuid <uuid>, user_email <mail address>"


@pytest.fixture(autouse=True)
def _calm_gateway(api: Api) -> Iterator[None]:
    yield
    api.system.shop.dial.turn([])
    api.system.app.extensions["integrations"].everypay._caller.breaker = Breaker()


def wish(user: str, domain: str = "a.ee", **more: Any) -> dict[str, Any]:
    return {
        "description": f"auction_deposit {domain}, user_uuid {user}, user_email {user}@users.test",
        "transaction_amount": "500.0",
        "customer_url": BACK["auction"],
        "custom_field2": "auction",
        "affiliation": "auction_deposit",
        **more,
    }


def pay(api: Api, user: str, **more: Any) -> TestResponse:
    return api.send(DEPOSIT, wish(user, **more), code="auction")


def test_a_deposit_gets_its_payment_page(api: Api) -> None:
    response = pay(api, "first", reference_number=None)
    assert response.status_code == 201
    assert set(response.json) == {"message", "oneoff_redirect_link"}  # type: ignore[arg-type]
    assert response.json["message"] == "Link created"  # type: ignore[index]
    assert response.json["oneoff_redirect_link"].startswith("http://everypay.test/pay/")  # type: ignore[index]


def test_it_has_a_number_of_the_deposit_range_and_a_plain_order_reference(api: Api) -> None:
    pay(api, "numbered")
    row = api.system.rows(
        "select i.number, i.kind, i.total_minor, i.description from deposit d join invoice i on i.id = d.invoice_id "
        "where d.user_uuid = 'numbered'"
    )[0]
    assert 10_001 <= row.number <= 14_001
    assert (row.kind, row.total_minor, row.description) == ("auction_deposit", 50_000, wish("numbered")["description"])
    made = api.system.shop.by_order(str(row.number))
    assert made is not None
    assert made["initial_amount"] == "500.00"


def test_whose_it_is_stands_in_columns_of_its_own(api: Api) -> None:
    pay(api, "columns", domain="öö.ee")
    row = api.system.rows("select domain, user_email, status from deposit where user_uuid = 'columns'")[0]
    assert tuple(row) == ("öö.ee", "columns@users.test", "prepayment")


@pytest.mark.parametrize("field", ["custom_field2", "customer_url", "description", "transaction_amount"])
def test_every_field_of_the_contract_is_missed_by_name(api: Api, field: str) -> None:
    body = wish("missed")
    del body[field]
    assert only(api.send(DEPOSIT, body, code="auction")) == {field: ["is missing"]}


@pytest.mark.parametrize("field", ["custom_field2", "customer_url", "description", "transaction_amount"])
@pytest.mark.parametrize(
    ("value", "fault"),
    [("", "must be filled"), (" ", "must be filled"), (["1"], "must be a string"), (None, "must be filled")],
)
def test_every_field_of_the_contract_is_filled_text(api: Api, field: str, value: Any, fault: str) -> None:
    assert only(pay(api, "filled", **{field: value})) == {field: [fault]}


@pytest.mark.parametrize(
    "text",
    [
        "auction_deposit a.ee",
        "auction_deposit a.ee, user_uuid u",
        "prepended",
        "150331 150332",
        "%",
        "auction_deposit a.ee b.ee, user_uuid u, user_email m",
    ],
)
def test_the_description_says_who_deposits_for_what(api: Api, text: str) -> None:
    deposits = api.count("deposit")
    assert only(pay(api, "grammar", description=text)) == {"description": [GRAMMAR]}
    assert api.count("deposit") == deposits


@pytest.mark.parametrize("url", ["http://evil.example/", "https://a", "evil.example/x", "http://auction.test:81/"])
def test_only_a_registered_origin_may_get_the_payer_back(api: Api, url: str) -> None:
    taken = api.count("number_reservation")
    assert only(pay(api, "origin", customer_url=url)) == {"customer_url": ["this url not supported"]}
    assert api.count("number_reservation") == taken, "a wrong address burns no number"


@pytest.mark.parametrize("amount", ["x", "-1", "1e2", "500.001", "500,00"])
def test_the_amount_is_an_amount(api: Api, amount: str) -> None:
    assert set(only(pay(api, "amount", transaction_amount=amount))) == {"transaction_amount"}


@pytest.mark.parametrize("amount", [0, "0.0", "0.00"])
def test_a_deposit_of_nothing_is_none(api: Api, amount: Any) -> None:
    assert only(pay(api, "nothing", transaction_amount=amount)) == {"transaction_amount": ["must be above 0"]}


@pytest.mark.parametrize("owner", ["registry", "eeid", "nobody"])
def test_nobody_deposits_in_the_name_of_another(api: Api, owner: str) -> None:
    assert set(only(pay(api, "another", custom_field2=owner))) == {"custom_field2"}


@pytest.mark.parametrize("code", ["registry", "eeid"])
def test_only_the_auction_takes_deposits(api: Api, code: str) -> None:
    response = api.send(DEPOSIT, wish("taker", custom_field2=code), code=code)
    assert only(response) == {"custom_field2": ["must be auction: no other service hears of deposits"]}


def test_every_click_is_the_same_page_and_number(api: Api) -> None:
    first = pay(api, "clicks")
    taken = api.count("number_reservation")
    assert [pay(api, "clicks").json for _ in range(5)] == [first.json] * 5
    assert api.count("number_reservation") == taken


def test_the_gateway_s_refusal_passes_through_with_its_code(api: Api) -> None:
    response = pay(api, "rich", transaction_amount="8000000.00")
    assert response.status_code == 422
    assert error_of(response) == {"code": 4010, "message": "The amount is not valid"}


@pytest.mark.parametrize("kind", ["html", "truncate", "reset_after", "reset"])
def test_a_gateway_that_answers_nonsense_is_an_error_to_come_back_from(api: Api, kind: str) -> None:
    user = f"nonsense-{kind}"
    api.system.shop.dial.turn([Fault("create", kind, times=10)])
    response = pay(api, user)
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    api.system.shop.dial.turn([])
    api.system.app.extensions["integrations"].everypay._caller.breaker = Breaker()
    assert pay(api, user).status_code == 201
    assert api.system.scalar("select count(*) from deposit where user_uuid = :u", u=user) == 1


def test_the_end_of_the_range_is_said(own_api: Api) -> None:
    own_api.system.sql("update number_range set next_number = last_number + 1 where kind = 'deposit'")
    response = pay(own_api, "late")
    assert response.status_code == 501
    assert response.json == {"message": "Number create failed. out of range", "error": "out of range"}
    assert own_api.count("deposit") == 0


def test_too_many_payments_are_slowed_down(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.Budget, "spend", lambda *_: False)
    response = pay(api, "slow")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "60"


def test_forms_are_refused_like_json(api: Api) -> None:
    """A form of the registry is read as far as JSON is: to the field that is not its own."""
    response = api.raw(DEPOSIT, urlencode(wish("form")).encode(), "application/x-www-form-urlencoded")
    assert only(response) == {"custom_field2": ["must be one of: registry, business_registry"]}
