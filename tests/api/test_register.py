"""POST invoice_generator/invoice_generator (eis.md 5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.api.client import BACK, ONEOFF, REGISTER, error_of, only

if TYPE_CHECKING:
    from tests.api.client import Api

AS_REGISTRY_SENDS_IT = {
    "transaction_amount": "120.0",
    "order_reference": 150330,
    "customer_name": "ACME",
    "customer_email": "a@b.ee",
    "custom_field1": "free text",
    "custom_field2": "registry",
    "reference_number": "2144032",
    "reserved_domain_names": None,
    "linkpay_token": "theirs",
}


def row(api: Api, number: Any) -> Any:
    return api.system.rows(
        "select i.*, n.code from invoice i join initiator n on n.id = i.initiator_id where number = :n", n=int(number)
    )[0]


def link_of(answer: Any) -> dict[str, str]:
    found = parse_qs(urlsplit(answer.json["everypay_link"]).query, keep_blank_values=True)
    return {name: values[0] for name, values in found.items()}


def test_the_registry_s_own_body_makes_an_invoice_and_a_link(api: Api) -> None:
    number = api.system.number()
    response = api.send(REGISTER, {**AS_REGISTRY_SENDS_IT, "invoice_number": number})
    assert response.status_code == 201
    assert set(response.json) == {"message", "everypay_link"}  # type: ignore[arg-type]
    assert response.json["message"] == "Link created"  # type: ignore[index]
    assert link_of(response) == {
        "transaction_amount": "120.00",
        "reference_number": "2144032",
        "order_reference": str(number),
        "customer_name": "ACME",
        "customer_email": "a@b.ee",
        "custom_field_1": "free text",
        "custom_field_2": "registry",
        "linkpay_token": "simulated-link",
        "invoice_number": str(number),
        "hmac": link_of(response)["hmac"],
    }
    made = row(api, number)
    assert (made.status, made.total_minor, made.description, made.code) == ("unpaid", 12000, "free text", "registry")


@pytest.mark.parametrize("code", ["registry", "auction", "eeid"])
def test_each_service_registers_its_own(api: Api, code: str) -> None:
    body = api.registration(code)
    assert api.send(REGISTER, body, code=code).status_code == 201
    assert row(api, body["invoice_number"]).code == code


def test_registry_acts_for_the_business_register(api: Api) -> None:
    body = api.registration(custom_field2="business_registry")
    assert api.send(REGISTER, body).status_code == 201
    assert row(api, body["invoice_number"]).code == "business_registry"


def test_nobody_registers_for_somebody_else(api: Api) -> None:
    body = api.registration("auction", custom_field2="registry")
    assert only(api.send(REGISTER, body, code="auction")) == {"custom_field2": ["must be one of: auction"]}


def test_without_custom_field2_the_invoice_is_the_caller_s_own(api: Api) -> None:
    body = api.registration("auction")
    del body["custom_field2"]
    assert api.send(REGISTER, body, code="auction").status_code == 201
    assert row(api, body["invoice_number"]).code == "auction"


def test_the_misspelt_fields_of_the_old_eeid_manager_are_understood(api: Api) -> None:
    number = api.system.number("eeid")
    body = {
        "invoice_number": number,
        "transaction_amount": "36.00",
        "custom_field_1": "Order",
        "custom_field_2": "eeid",
    }
    response = api.send(REGISTER, body, code="eeid")
    assert response.status_code == 201
    assert (row(api, number).code, row(api, number).description) == ("eeid", "Order")
    assert link_of(response)["custom_field_1"] == "Order"


def test_without_description_it_is_a_balance_reload(api: Api) -> None:
    body = api.registration()
    response = api.send(REGISTER, body)
    assert row(api, body["invoice_number"]).description == "reload balance"
    assert link_of(response)["custom_field_1"] == ""


@pytest.mark.parametrize("amount", [0, 0.0, "0", "0.0", "0.00"])
def test_every_spelling_of_zero_is_paid_at_once(api: Api, amount: Any) -> None:
    body = api.registration(transaction_amount=amount)
    assert api.send(REGISTER, body).status_code == 201
    assert row(api, body["invoice_number"]).status == "paid"


@pytest.mark.parametrize(
    ("amount", "minor"), [(120, 12000), (12.5, 1250), ("12.50", 1250), (0.01, 1), ("9999999999.99", 999999999999)]
)
def test_amounts_come_as_numbers_or_text(api: Api, amount: Any, minor: int) -> None:
    body = api.registration(transaction_amount=amount)
    assert api.send(REGISTER, body).status_code == 201
    assert row(api, body["invoice_number"]).total_minor == minor


AMOUNTS = [
    "-1",
    "+1",
    "1e3",
    "1_000",
    "01",
    ".5",
    "5.",
    "1,50",
    "1.234",
    "NaN",
    "Infinity",
    "0x10",
    "١٢",
    "１２",
    "12€",
    "12.00EUR",
    "99999999999",
    "abc",
    "--1",
    "1.2.3",
]


@pytest.mark.parametrize("amount", [*AMOUNTS, " 12", "12 ", "12\n", "1\u00a0000"])
def test_what_is_no_plain_decimal_is_refused(api: Api, amount: str) -> None:
    body = api.registration(transaction_amount=amount)
    assert set(only(api.send(REGISTER, body))) == {"transaction_amount"}


@pytest.mark.parametrize("number", [b"1e3", b"-5", b"1.234", b"1E400", b"1" * 5000, b"0.1e-9999999"])
def test_json_numbers_are_read_as_their_text(api: Api, number: bytes) -> None:
    response = api.raw(REGISTER, b'{"invoice_number":1,"transaction_amount":' + number + b"}")
    assert set(only(response)) == {"transaction_amount"}


def test_missing_fields_are_all_named(api: Api) -> None:
    response = api.send(REGISTER, {})
    assert only(response) == {"invoice_number": ["is missing"], "transaction_amount": ["is missing"]}
    assert error_of(response)["message"] == "invoice_number is missing; transaction_amount is missing"


@pytest.mark.parametrize(
    "number", ["abc", "150331.ee", "150331 150332", "1.0", -1, True, "１５", "9" * 19, " 1", {}, [1]]
)
def test_a_number_is_a_number(api: Api, number: Any) -> None:
    body = {"invoice_number": number, "transaction_amount": "1"}
    assert only(api.send(REGISTER, body)) == {"invoice_number": ["must be a whole number"]}


def test_the_highest_number_documents_may_have_is_taken(own_api: Api) -> None:
    body = {"invoice_number": 2_147_483_647, "transaction_amount": "1.00"}
    assert own_api.send(REGISTER, body).status_code == 201


@pytest.mark.parametrize("number", [0, "0", 2_147_483_648, "999999999999999999"])
def test_a_number_beyond_what_documents_may_have_is_refused(api: Api, number: Any) -> None:
    body = {"invoice_number": number, "transaction_amount": "1"}
    assert set(only(api.send(REGISTER, body))) == {"invoice_number"}


@pytest.mark.parametrize("number", ["", None, "  "])
def test_an_empty_number_must_be_filled(api: Api, number: Any) -> None:
    body = {"invoice_number": number, "transaction_amount": "1"}
    assert only(api.send(REGISTER, body)) == {"invoice_number": ["must be filled"]}


TEXTS = ["custom_field1", "custom_field2", "affiliation", "reference_number", "customer_name", "customer_email"]


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("value", [[], ["a"], {}, {"a": 1}, True])
def test_text_is_text(api: Api, field: str, value: Any) -> None:
    assert only(api.send(REGISTER, api.registration(**{field: value}))) == {field: ["must be a string"]}


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("value", ["a\0b", "\x1b[2J", "\u202etxt", "\x7f"])
def test_unseen_characters_are_refused(api: Api, field: str, value: str) -> None:
    assert only(api.send(REGISTER, api.registration(**{field: value}))) == {
        field: ["must not contain control characters"]
    }


def test_text_has_an_end(api: Api) -> None:
    for field, longest in (("custom_field1", 2000), ("customer_name", 300)):
        assert set(only(api.send(REGISTER, api.registration(**{field: "a" * (longest + 1)})))) == {field}
        assert api.send(REGISTER, api.registration(**{field: "õ" * longest})).status_code == 201


def test_numbers_are_welcome_as_text(api: Api) -> None:
    body = api.registration(reference_number=2144032, custom_field1=12.50)
    response = api.send(REGISTER, body)
    assert (link_of(response)["reference_number"], link_of(response)["custom_field_1"]) == ("2144032", "12.5")


def test_nulls_are_nothing(api: Api) -> None:
    body = api.registration(custom_field1=None, affiliation=None, customer_name=None, customer_email=None)
    assert api.send(REGISTER, body).status_code == 201


def test_reserved_names_are_kept_with_who_reserves_them(api: Api) -> None:
    body = api.registration(
        custom_field2="business_registry", custom_field1="5e03f248-6", reserved_domain_names=["a.ee", "b.ee"]
    )
    response = api.send(REGISTER, body)
    assert response.status_code == 201
    made = row(api, body["invoice_number"])
    assert made.description == "Reserved domain names: a.ee, b.ee; User unique id: 5e03f248-6"
    assert link_of(response)["custom_field_1"] == "5e03f248-6"
    claims = api.system.rows("select user_unique_id, names from invoice_claim where invoice_id = :i", i=made.id)
    assert [(claim.user_unique_id, claim.names) for claim in claims] == [("5e03f248-6", ["a.ee", "b.ee"])]


def test_several_may_reserve_under_one_number(api: Api) -> None:
    body = api.registration(custom_field2="business_registry", reserved_domain_names=["a.ee"])
    for who in ("first", "second", "first"):
        assert api.send(REGISTER, {**body, "custom_field1": who}).status_code == 201
    made = row(api, body["invoice_number"])
    assert api.system.scalar("select count(*) from invoice_claim where invoice_id = :i", i=made.id) == 2


def test_names_are_reserved_for_somebody(api: Api) -> None:
    body = api.registration(reserved_domain_names=["a.ee"])
    assert only(api.send(REGISTER, body)) == {"custom_field1": ["is missing"]}


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        ("a.ee", "must be an array"),
        ({"0": "a.ee"}, "must be an array"),
        (5, "must be an array"),
        ([""], "must be filled"),
        ([None], "must be filled"),
        ([["a.ee"]], "must be a string"),
        (["a.ee"] * 501, "must be at most 500 names"),
    ],
)
def test_reserved_names_are_an_array_of_names(api: Api, names: Any, fault: str) -> None:
    body = api.registration(custom_field1="x", reserved_domain_names=names)
    assert only(api.send(REGISTER, body)) == {"reserved_domain_names": [fault]}


@pytest.mark.parametrize(
    ("word", "kind"), [("auction_deposit", "auction_deposit"), ("x", "regular"), (None, "regular")]
)
def test_affiliation_knows_one_word(api: Api, word: str | None, kind: str) -> None:
    body = api.registration("auction", affiliation=word)
    assert api.send(REGISTER, body, code="auction").status_code == 201
    assert row(api, body["invoice_number"]).kind == kind


def test_the_same_again_gets_the_same_answer(api: Api) -> None:
    body = api.registration()
    first, second = api.send(REGISTER, body), api.send(REGISTER, {**body, "transaction_amount": 120})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert api.system.scalar("select count(*) from invoice where number = :n", n=body["invoice_number"]) == 1


def test_another_amount_under_the_same_number_is_a_conflict(api: Api) -> None:
    body = api.registration()
    api.send(REGISTER, body)
    response = api.send(REGISTER, {**body, "transaction_amount": "120.01"})
    assert response.status_code == 409
    assert error_of(response)["code"] == "conflict"
    assert row(api, body["invoice_number"]).total_minor == 12000


def test_a_number_of_somebody_else_is_not_available(api: Api) -> None:
    registered = api.registration("registry")
    api.send(REGISTER, registered)
    reserved = api.registration("registry")
    answers = [
        api.send(REGISTER, {**body, "custom_field2": "auction"}, code="auction") for body in (registered, reserved)
    ]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json == answers[1].json


def test_unknown_fields_are_left_alone(api: Api) -> None:
    body = api.registration(status="paid", in_directo=True, id=1, tenant_id=2, captured_minor=5, public_token="x")
    assert api.send(REGISTER, body).status_code == 201
    made = row(api, body["invoice_number"])
    assert (made.status, made.tenant_id, made.captured_minor) == ("unpaid", 1, 0)
    assert made.public_token != "x"


def test_forms_work_like_json(api: Api) -> None:
    body = {**api.registration(custom_field1="x y&ä"), "transaction_amount": "12.50"}
    response = api.raw(REGISTER, urlencode(body).encode(), "application/x-www-form-urlencoded")
    assert response.status_code == 201
    assert link_of(response)["custom_field_1"] == "x y&ä"


def test_a_form_may_carry_a_list(api: Api) -> None:
    body = {**api.registration(custom_field1="x"), "reserved_domain_names[]": ["a.ee", "b.ee"]}
    response = api.raw(REGISTER, urlencode(body, doseq=True).encode(), "application/x-www-form-urlencoded")
    assert response.status_code == 201
    assert "a.ee, b.ee" in row(api, body["invoice_number"]).description


def test_a_refused_body_writes_nothing(api: Api) -> None:
    body = api.registration(transaction_amount="-1")
    before = [api.count(table) for table in ("invoice", "event", "outbox", "ledger_entry")]
    api.send(REGISTER, body)
    assert [api.count(table) for table in ("invoice", "event", "outbox", "ledger_entry")] == before


def test_a_registered_invoice_can_be_paid_at_once(api: Api) -> None:
    body = api.registration()
    api.send(REGISTER, body)
    paid = api.send(ONEOFF, {"invoice_number": body["invoice_number"], "customer_url": BACK["registry"]})
    assert paid.status_code == 201
