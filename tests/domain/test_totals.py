"""Totals: what the lines of an invoice add up to, and that anybody who adds them again finds the same (EN 16931)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import totals
from app.domain.errors import Invalid
from app.domain.totals import Discount, LineInput, total
from app.domain.vat import Rate, VatCategory

DAY = date(2025, 7, 1)
STANDARD = Rate("standard", VatCategory.STANDARD, 2400, DAY)
REDUCED = Rate("reduced", VatCategory.STANDARD, 900, DAY)
PRESS = Rate("press", VatCategory.STANDARD, 900, DAY)
EXEMPT = Rate("exempt", VatCategory.EXEMPT, 0, DAY)

DISCOUNTS = st.one_of(st.just(Discount()), st.integers(0, 10_000).map(lambda points: Discount(basis_points=points)))
LINES = st.lists(
    st.builds(
        LineInput,
        description=st.just("x"),
        quantity=st.decimals(Decimal("0.001"), 9_999, places=3),
        price_minor=st.decimals(0, 100_000, places=2),
        rate=st.sampled_from([STANDARD, REDUCED, PRESS, EXEMPT]),
        discount=DISCOUNTS,
    ),
    max_size=12,
)


def line(quantity: str, price: str, rate: Rate = STANDARD, discount: Discount = totals.NOTHING_OFF) -> LineInput:
    return LineInput("x", Decimal(quantity), totals.in_minor(Decimal(price), "EUR"), rate, discount=discount)


@given(LINES)
def test_whoever_adds_the_invoice_again_finds_the_same(lines: list[LineInput]) -> None:
    found = total(lines)
    assert found.net_minor == sum(each.net_minor for each in found.lines)  # BR-CO-10, BR-CO-13
    assert found.tax_minor == sum(each.tax_minor for each in found.vat)  # BR-CO-14
    assert found.total_minor == found.net_minor + found.tax_minor  # BR-CO-15
    assert sum(each.taxable_minor for each in found.vat) == found.net_minor
    for each in found.vat:  # BR-CO-17
        exact = Fraction(each.taxable_minor * each.basis_points, 10_000)
        assert abs(each.tax_minor - exact) <= Fraction(1, 2)
    assert len({each.code for each in found.vat}) == len(found.vat)


@given(LINES)
def test_a_line_is_quantity_times_price_less_its_discount_to_half_a_cent(lines: list[LineInput]) -> None:
    for each in total(lines).lines:
        exact = Fraction(each.given.quantity) * Fraction(each.given.price_minor)
        assert abs(each.gross_minor - exact) <= Fraction(1, 2)
        off = Fraction(each.gross_minor * each.given.discount.basis_points, 10_000)
        assert abs(each.discount_minor - off) <= Fraction(1, 2)
        assert 0 <= each.net_minor == each.gross_minor - each.discount_minor


@given(LINES, st.randoms())
def test_the_order_of_lines_does_not_matter(lines: list[LineInput], dice: object) -> None:
    shuffled = list(lines)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert total(shuffled).vat == total(lines).vat


@pytest.mark.parametrize(
    ("lines", "net", "tax"),
    [
        ([line("1", "96.77")], 9677, 2322),  # 23.2248 down
        ([line("1", "0.125")], 13, 3),  # half a cent goes up
        ([line("3", "0.335")], 101, 24),
        ([line("0.001", "1")], 0, 0),
        ([line("2", "10", EXEMPT)], 2000, 0),
        ([line("1", "1.02"), line("1", "1.02"), line("1", "1.02")], 306, 73),  # per rate: 73.44, not 3 times 24.48
        ([line("1", "1.02", REDUCED), line("1", "1.02", PRESS)], 204, 18),  # kept apart by code: 9.18 twice
        ([line("1", "100", discount=Discount(basis_points=1250))], 8750, 2100),
        ([line("1", "100", discount=Discount(minor=10_000))], 0, 0),
    ],
)
def test_examples(lines: list[LineInput], net: int, tax: int) -> None:
    assert (total(lines).net_minor, total(lines).tax_minor) == (net, tax)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (line("0", "1"), "line-2-quantity"),
        (line("1", "-1"), "line-2-price"),
        (line("1", "1", discount=Discount(minor=101)), "line-2-discount"),
        (line("1", "1", discount=Discount(basis_points=10_001)), "line-2-discount"),
        (line("1", "1", discount=Discount(basis_points=100, minor=1)), "line-2-discount"),
        (line("1", "1", discount=Discount(minor=-1)), "line-2-discount"),
        (line("999999999", "999999999"), "lines"),
    ],
)
def test_a_line_that_cannot_be_is_named(wrong: LineInput, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        total([line("1", "1"), wrong])
    assert field in refused.value.fields


def test_an_invoice_has_at_most_a_hundred_lines() -> None:
    assert total([line("1", "1")] * 100).net_minor == 10_000
    with pytest.raises(Invalid):
        total([line("1", "1")] * 101)


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1,5", "٣", "01", "1.2345", "1234567890", " 1", "nan", "1."])
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        totals.parse_plain(text, 3, "quantity")
