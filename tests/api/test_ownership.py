"""Whose is it: every route against every kind of foreign thing (security.md T23, T29, T33)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from app.extensions import metadata
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
    NUMBER,
    ONEOFF,
    REFERENCE,
    REFUND,
    REGISTER,
    ROUTES,
    STATUS,
    SYNCHRONISE,
    bearer,
)
from tests.api.owners import CALLERS, paid, unpaid
from tests.system import V1

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.client import Api

    Make = Callable[[Api, str], int]


def being_paid(api: Api, owner: str) -> int:
    number = unpaid(api, owner)
    api.system.one_off(number, "registry" if owner == "business_registry" else owner)
    return number


THINGS: dict[str, Make] = {"an unpaid invoice": unpaid, "a paid invoice": paid, "one being paid": being_paid}
# Every route that takes a number, and what a stranger might want with it.
WISHES: list[tuple[str, dict[str, Any]]] = [
    (ONEOFF, {"customer_url": BACK["registry"]}),
    *((STATUS, {"status": word}) for word in ("paid", "cancelled", "overdue", "unpaid", "refunded", "failed")),
    (AMOUNT, {"transaction_amount": "1.00"}),
    (AMOUNT, {"transaction_amount": "120.00"}),
    (REFUND, {}),
]
NUMBERLESS = {NUMBER, MONTHLY, REFERENCE}
# Whose things are named otherwise: each has a test of its own beside its route's.
NAMED_OTHERWISE = {BULK, DEPOSIT, DEPOSIT_STATUS, SYNCHRONISE}
PAPERS = {DIRECTO, E_INVOICE}  # their answers never depend on an invoice: see test_documents
HOLDERS = {GIVE_UP}  # who holds a reservation, not which number: see test_reservations
PAIRS = [(caller, owner) for caller, owners in CALLERS.items() for owner in owners]


def facts(api: Api, number: int) -> Any:
    return api.system.rows(
        "select i.version, i.status, i.total_minor, i.payment_link, "
        "(select count(*) from payment where invoice_id = i.id), (select count(*) from event where invoice_id = i.id) "
        "from invoice i where number = :n",
        n=number,
    )


def blank(text: str, number: int) -> str:
    return re.sub(rf"\b{number}\b", "N", text)


@pytest.mark.parametrize(("caller", "owner"), PAIRS)
@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize(("path", "wish"), WISHES)
def test_a_foreign_thing_is_not_there(  # noqa: PLR0917 - one axis of the matrix each
    api: Api, path: str, wish: dict[str, Any], thing: str, caller: str, owner: str
) -> None:
    number = THINGS[thing](api, owner)
    before = facts(api, number)
    foreign = api.send(path, {"invoice_number": number, **wish}, code=caller)
    nothing = api.send(path, {"invoice_number": 42, **wish}, code=caller)
    assert foreign.status_code == nothing.status_code
    assert foreign.status_code in {404, 422}
    assert blank(foreign.text, number) == blank(nothing.text, 42)
    assert facts(api, number) == before


def test_the_matrix_knows_every_route() -> None:
    known = {path for path, _ in WISHES} | NUMBERLESS | NAMED_OTHERWISE | PAPERS | HOLDERS | ARRAYS | {REGISTER}
    assert known == set(ROUTES)


@pytest.mark.parametrize(("caller", "owner"), PAIRS)
def test_a_foreign_number_cannot_be_registered_again(api: Api, caller: str, owner: str) -> None:
    number = unpaid(api, owner)
    before = facts(api, number)
    for amount in ("120.00", "1.00", "0"):
        response = api.send(
            REGISTER, {"invoice_number": number, "transaction_amount": amount, "custom_field2": caller}, code=caller
        )
        assert response.status_code == 409
        assert "available" in response.json["message"]  # type: ignore[index]
    assert facts(api, number) == before


def test_ten_thousand_numbers_tell_a_stranger_nothing(api: Api) -> None:
    """A sample of the range, with real invoices of others among it."""
    numbers = [api.system.invoice("auction") for _ in range(5)]
    texts = set()
    for number in [*numbers, *range(numbers[-1] + 1, numbers[-1] + 60)]:
        response = api.send(STATUS, {"invoice_number": number, "status": "overdue"}, code="eeid")
        texts.add((response.status_code, blank(response.text, number)))
    assert len(texts) == 1


def columns() -> set[str]:
    return {column.name for table in metadata.tables.values() for column in table.columns}


def test_no_column_can_be_set_by_naming_it(api: Api) -> None:
    """Every column of every table is sent along; only what the schema names is read."""
    read = {
        "affiliation", "custom_field_1", "reference_number", "customer_name", "customer_email", "custom_field1",
    }  # fmt: skip
    plain, stuffed = api.registration(), api.registration()
    api.send(REGISTER, plain)
    api.send(REGISTER, {**dict.fromkeys(columns() - read - set(stuffed), 1), **stuffed})
    question = (
        "select status, tenant_id, kind, source, currency, total_minor, captured_minor, refunded_minor, lost_minor, "
        "account_id, due_on, overdue_at, paid_at, cancelled_at, version, details from invoice where number = :n"
    )
    ours, theirs = (api.system.rows(question, n=body["invoice_number"])[0] for body in (plain, stuffed))
    assert tuple(ours) == tuple(theirs)


def test_a_registered_invoice_answers_to_those_who_act_for_its_owner(api: Api) -> None:
    number = unpaid(api, "business_registry")
    for code in ("registry", "business_registry"):
        response = api.send(STATUS, {"invoice_number": number, "status": "overdue"}, code=code)
        assert response.status_code == 200


def test_a_disabled_service_gets_nothing(own_api: Api) -> None:
    number = own_api.system.invoice("eeid")
    own_api.system.sql("update initiator set enabled = false where code = 'eeid'")
    own_api.system.app.extensions.pop("key_ring", None)
    response = own_api.system.app.test_client().post(
        f"{V1}{STATUS}",
        json={"invoice_number": number, "status": "paid"},
        headers={"Authorization": bearer("eeid")},
    )
    assert response.status_code == 401
