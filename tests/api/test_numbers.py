"""Numbers of invoices, months and payers (eis.md 5.7 to 5.9, 7, A.2, A.5, A.6; security.md T22)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from app.domain.reference import is_valid
from tests.api.client import MONTHLY, NUMBER, REFERENCE, REGISTER, only

if TYPE_CHECKING:
    from tests.api.client import Api


def end_range(api: Api, kind: str, upcoming: int) -> None:
    api.system.sql("update number_range set next_number = :next where kind = :kind", next=upcoming, kind=kind)


def test_the_first_number_is_the_start_of_the_range(own_api: Api) -> None:
    response = own_api.raw(NUMBER, b"null")
    assert response.status_code == 201
    assert response.json == {"message": "Number created; 150005", "invoice_number": 150005}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"null", "application/json"),
        (b"", "application/json"),
        (b"", None),
        (b"{}", "application/json"),
        (b"  ", "application/json"),
        (b'{"count": 5}', "application/json"),
        (b"null", "application/x-www-form-urlencoded"),
        (b"null", None),
    ],
)
def test_no_parameters_are_needed(api: Api, body: bytes, kind: str | None) -> None:
    assert api.raw(NUMBER, body, kind).status_code == 201


def test_a_number_is_never_given_twice(api: Api) -> None:
    numbers = [api.system.number(code) for code in ("registry", "auction", "eeid") * 3]
    assert numbers == list(range(numbers[0], numbers[0] + 9))


def test_takers_at_the_same_moment_get_different_numbers(own_api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: own_api.system.number(), range(80)))
    assert sorted(numbers) == list(range(150005, 150085))


def test_the_last_number_is_given_and_then_the_range_has_ended(own_api: Api) -> None:
    end_range(own_api, "invoice", 199999)
    assert own_api.system.number() == 199999
    for _ in range(2):
        response = own_api.send(NUMBER)
        assert response.status_code == 501
        assert response.json == {"message": "Number create failed. out of range", "error": "out of range"}


def test_a_registered_number_is_not_given_again(own_api: Api) -> None:
    for number in (150005, 150007, 150010, 200000):
        own_api.send(REGISTER, {"invoice_number": number, "transaction_amount": "1"})
    assert own_api.system.number() == 150011


def test_a_month_s_numbers_follow_each_other(own_api: Api) -> None:
    response = own_api.send(MONTHLY, {"count": 5})
    assert response.status_code == 201
    assert response.json == {"invoice_numbers": [309902, 309903, 309904, 309905, 309906]}
    assert own_api.send(MONTHLY, {"count": "1"}).json == {"invoice_numbers": [309907]}


def test_a_month_s_numbers_come_all_or_not_at_all(own_api: Api) -> None:
    end_range(own_api, "monthly", 309996)
    response = own_api.send(MONTHLY, {"count": 10})
    assert response.status_code == 501
    assert response.json == {"message": "Directo Counter is out of period!", "error": "out of range"}
    assert own_api.send(MONTHLY, {"count": 4}).json == {"invoice_numbers": [309996, 309997, 309998, 309999]}
    assert own_api.send(MONTHLY, {"count": 1}).status_code == 501


def test_the_counter_of_the_old_system_ends_where_it_ended(own_api: Api) -> None:
    end_range(own_api, "monthly", 309995)
    assert own_api.send(MONTHLY, {"count": 5}).json == {"invoice_numbers": list(range(309995, 310000))}


@pytest.mark.parametrize("body", [{}, None, {"amount": 5}])
def test_a_count_is_needed(api: Api, body: Any) -> None:
    assert only(api.send(MONTHLY, body)) == {"count": ["is missing"]}


@pytest.mark.parametrize("count", ["five", 1.5, -1, True, [5], {"a": 5}, "5.0", "٥"])
def test_a_count_is_a_whole_number(api: Api, count: Any) -> None:
    assert only(api.send(MONTHLY, {"count": count})) == {"count": ["must be a whole number"]}


@pytest.mark.parametrize("count", [0, 10_001, 10**17])
def test_a_count_has_bounds(api: Api, count: int) -> None:
    before = api.count("number_reservation")
    assert set(only(api.send(MONTHLY, {"count": count}))) == {"count"}
    assert api.count("number_reservation") == before


@pytest.mark.parametrize("count", ["", None])
def test_an_empty_count_must_be_filled(api: Api, count: Any) -> None:
    assert only(api.send(MONTHLY, {"count": count})) == {"count": ["must be filled"]}


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("registry", {"initiator": "registry", "owner": "Roga & Kopyta"}),
        ("auction", {"initiator": "auction", "email": "a@b.ee", "owner": "Mari"}),
        ("eeid", None),
        ("eeid", {}),
        ("registry", {"initiator": "business_registry"}),
    ],
)
def test_a_payer_gets_a_valid_reference_number(api: Api, code: str, body: Any) -> None:
    response = api.send(REFERENCE, body, code=code)
    assert response.status_code == 201
    number = response.json["reference_number"]  # type: ignore[index]
    assert response.json == {"message": f"Reference number created; {number}", "reference_number": number}
    assert len(number) == 7
    assert is_valid(number)
    kept = api.system.rows(
        "select r.owner, r.email, i.code from reference r join initiator i on i.id = r.initiator_id "
        "where r.number = :number",
        number=number,
    )[0]
    said = body or {}
    assert tuple(kept) == (said.get("owner"), said.get("email"), said.get("initiator", code))


def test_reference_numbers_differ(api: Api) -> None:
    numbers = {api.send(REFERENCE).json["reference_number"] for _ in range(30)}  # type: ignore[index]
    assert len(numbers) == 30


def test_nobody_makes_reference_numbers_for_somebody_else(api: Api) -> None:
    before = api.count("reference")
    response = api.send(REFERENCE, {"initiator": "registry"}, code="auction")
    assert only(response) == {"initiator": ["must be one of: auction"]}
    assert api.count("reference") == before


@pytest.mark.parametrize("field", ["initiator", "owner", "email"])
@pytest.mark.parametrize("value", [[], {}, False])
def test_the_payer_s_fields_are_text(api: Api, field: str, value: Any) -> None:
    assert only(api.send(REFERENCE, {field: value})) == {field: ["must be a string"]}
