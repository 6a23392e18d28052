"""Invoices with lines: added up again here, kept with the invoice, and fixed with it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import totals
from app.domain.errors import Invalid
from app.domain.money import Money
from app.services import invoice_lines
from app.services.invoice_lines import LineWish
from tests.api.client import AMOUNT, fields_of, problem_of
from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from tests.api.client import Api

YEAR = {"description": "example.ee, a year", "unit_price": "10.00", "tax_rate": "24"}
TWO = {"description": "Transfer", "quantity": "2.5", "unit": "h", "unit_price": "3.33", "tax_rate": "9"}
GIFT = {"description": "Stamp", "unit_price": "1.50"}
# 10.00 + 2.40, 8.33 + 0.75, 1.50 + 0
AMOUNT_OF_ALL = "22.98"


def made(api: Api, key: str | None = None, **more: Any) -> dict[str, Any]:
    headers = {} if key is None else {"Idempotency_Key": key}
    response = api.v2("/invoices", {"amount": AMOUNT_OF_ALL, "lines": [YEAR, TWO, GIFT], **more}, **headers)
    assert response.status_code == 201, response.text
    return dict(response.json or {})


def test_an_invoice_keeps_its_lines_and_what_of_it_is_tax(api: Api) -> None:
    first = made(api)
    assert [(each["net"], each["tax"], each["tax_rate"]) for each in first["lines"]] == [
        ("10.00", "2.40", "24.0000"),
        ("8.33", "0.75", "9.0000"),
        ("1.50", "0.00", None),
    ]
    assert first["lines"][1] == {**first["lines"][1], "position": 2, "quantity": "2.500", "unit": "h"}
    number = first["number"]
    assert api.v2(f"/invoices/{number}?expand=lines").json == first
    row = api.system.rows("select subtotal_minor, tax_minor, total_minor from invoice where number = :n", n=number)[0]
    assert tuple(row) == (1983, 315, 2298)
    reference = api.system.one_off(number)
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()
    assert api.system.status(number) == "paid"
    assert_sound(api.system)


def test_the_same_lines_with_the_same_key_make_one_invoice(api: Api) -> None:
    first = made(api, "lines-1")
    written_otherwise = [YEAR, TWO | {"quantity": "2.50"}, GIFT]
    again = api.v2("/invoices", {"amount": AMOUNT_OF_ALL, "lines": written_otherwise}, Idempotency_Key="lines-1")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first
    other = {"amount": "1.50", "lines": [GIFT]}
    assert fields_of(api.v2("/invoices", other, Idempotency_Key="lines-1")) == {"Idempotency-Key"}


def test_the_amount_must_be_what_the_lines_come_to(api: Api) -> None:
    before = api.count("invoice")
    wrong = api.v2("/invoices", {"amount": "22.97", "lines": [YEAR, TWO, GIFT]})
    assert problem_of(wrong, 422)["errors"] == [
        {"field": "amount", "detail": "must be what the lines come to with their tax: 22.98"}
    ]
    assert api.count("invoice") == before


def test_the_same_again_is_the_same_and_other_lines_are_another_invoice(api: Api) -> None:
    number = api.system.number()
    first = made(api, number=number)
    assert made(api, number=number) == first
    problem_of(api.v2("/invoices", {"amount": AMOUNT_OF_ALL, "number": number, "lines": [TWO, YEAR, GIFT]}), 409)
    assert api.v2("/invoices", {"amount": AMOUNT_OF_ALL, "number": number}).status_code == 201, "the same amount"
    bare = api.v2("/invoices", {"amount": AMOUNT_OF_ALL}).json
    assert bare is not None
    problem_of(
        api.v2("/invoices", {"amount": AMOUNT_OF_ALL, "number": bare["number"], "lines": [YEAR, TWO, GIFT]}), 409
    )


def test_a_rehearsal_with_lines_leaves_none(api: Api) -> None:
    before = api.count("invoice_line")
    shown = api.v2("/invoices?dry_run=true", {"amount": AMOUNT_OF_ALL, "lines": [YEAR, TWO, GIFT]}).json
    assert shown is not None
    assert len(shown["lines"]) == 3
    assert api.count("invoice_line") == before


def test_the_amount_of_an_invoice_with_lines_is_fixed(api: Api) -> None:
    number = made(api)["number"]
    problem_of(api.v2(f"/invoices/{number}", {"amount": "5.00"}, method="PATCH"), 409)
    assert api.send(AMOUNT, {"invoice_number": number, "transaction_amount": "5.00"}).status_code == 409
    assert api.v2(f"/invoices/{number}", {"amount": AMOUNT_OF_ALL}, method="PATCH").status_code == 200


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("lines.1.description", {**GIFT, "description": " "}),
        ("lines.1.unit_price", {**GIFT, "unit_price": "-1.00"}),
        ("lines.1.unit_price", {**GIFT, "unit_price": "1.005"}),
        ("lines.1.unit_price", {**GIFT, "unit_price": 1}),
        ("lines.1.quantity", {**GIFT, "quantity": "0"}),
        ("lines.1.quantity", {**GIFT, "quantity": "0.0001"}),
        ("lines.1.quantity", {**GIFT, "quantity": "1e3"}),
        ("lines.1.tax_rate", {**GIFT, "tax_rate": "100"}),
        ("lines.1.tax_rate", {**GIFT, "tax_rate": "-1"}),
        ("lines.1.discount", {**GIFT, "discount": "1"}),
        ("lines.1", "<script>"),
        ("lines.1", None),
    ],
)
def test_a_faulty_line_is_named(api: Api, field: str, line: Any) -> None:
    assert fields_of(api.v2("/invoices", {"amount": AMOUNT_OF_ALL, "lines": [YEAR, line]})) == {field}


def test_too_many_lines_or_too_much_is_refused(api: Api) -> None:
    assert fields_of(api.v2("/invoices", {"amount": "1.00", "lines": [GIFT] * 101})) == {"lines"}
    huge = {"description": "x", "quantity": "999999999", "unit_price": "9999999999"}
    assert fields_of(api.v2("/invoices", {"amount": "1.00", "lines": [huge]})) == {"lines"}
    assert fields_of(api.v2("/invoices", {"amount": "1.00", "lines": "x"})) == {"lines"}


prices = st.integers(0, 10**6).map(lambda minor: Money(minor, "EUR"))
quantities = st.integers(1, 10**5).map(lambda thousandths: Decimal(thousandths) / 1000)
wishes = st.builds(LineWish, st.just("x"), quantities, st.just(""), prices, st.sampled_from([None, 0, 900, 1333, 2400]))


@given(st.lists(wishes, min_size=1, max_size=12))
def test_not_a_cent_of_tax_is_lost_between_the_lines(said: list[LineWish]) -> None:
    day = date(2026, 11, 21)
    added = totals.total([invoice_lines._input(each, day) for each in said])
    assert invoice_lines.check(said, Money(added.total_minor, "EUR"), day) == added
    taxes = invoice_lines._shared(added)
    assert sorted(taxes) == list(range(1, len(said) + 1))
    assert sum(taxes.values()) == added.tax_minor
    assert all(tax >= 0 for tax in taxes.values())
    with pytest.raises(Invalid):
        invoice_lines.check(said, Money(added.total_minor + 1, "EUR"), day)
