"""Credit notes: together they never take back more than there is, and never differ from the invoice by a cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.credit_note import CreditTooLarge, Left, LineLeft, Room, credit_of, split
from app.domain.errors import Invalid
from app.domain.totals import LineInput, Totals, VatSum, total
from app.domain.vat import Rate, VatCategory

DAY = date(2025, 7, 1)
RATES = [Rate(code, VatCategory.STANDARD, points, DAY) for code, points in (("standard", 2400), ("reduced", 900))]
NETS = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(RATES)), min_size=1, max_size=6)


def left_of(invoice: Totals, taken: dict[int, int], vat: dict[str, tuple[int, int]]) -> Left:
    return Left(
        tuple(
            LineLeft(at, "x", each.net_minor - taken.get(at, 0), each.given.rate.code)
            for at, each in enumerate(invoice.lines, 1)
        ),
        tuple(
            VatSum(
                each.code,
                each.category,
                each.basis_points,
                each.taxable_minor - vat.get(each.code, (0, 0))[0],
                each.tax_minor - vat.get(each.code, (0, 0))[1],
            )
            for each in invoice.vat
        ),
    )


@given(NETS, st.data())
def test_notes_in_any_pieces_take_back_exactly_the_invoice(nets: list[tuple[int, Rate]], data: st.DataObject) -> None:
    invoice = total([LineInput("x", Decimal(1), Decimal(net), rate) for net, rate in nets])
    taken: dict[int, int] = {}
    vat: dict[str, tuple[int, int]] = {}
    sums = 0
    for _round in range(4):
        left = left_of(invoice, taken, vat)
        last = _round == 3
        wanted = {
            each.position: each.left_minor if last else data.draw(st.integers(0, each.left_minor))
            for each in left.lines
        }
        if not any(wanted.values()):
            continue
        credit = credit_of(left, wanted)
        assert 0 < credit.total_minor <= left.total_minor
        assert all(each.tax_minor >= 0 for each in credit.vat)
        sums += credit.total_minor
        for line in credit.lines:
            taken[line.line.position] = taken.get(line.line.position, 0) + line.net_minor
        for each in credit.vat:
            before = vat.get(each.code, (0, 0))
            vat[each.code] = (before[0] + each.taxable_minor, before[1] + each.tax_minor)
    assert sums == invoice.total_minor


@pytest.mark.parametrize("wanted", [{1: 101}, {1: -1}, {}, {1: 0}, {7: 5}])
def test_what_is_not_there_cannot_be_taken(wanted: dict[int, int]) -> None:
    with pytest.raises(Invalid):
        credit_of(Left((LineLeft(1, "x", 100),)), wanted)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(1, 200))
def test_what_nobody_paid_goes_first_and_what_went_back_before_what_is_held(
    a: int, b: int, c: int, amount: int
) -> None:
    room = Room(a, b, c)
    if amount > a + b + c:
        with pytest.raises(CreditTooLarge):
            split(amount, room)
        return
    found = split(amount, room)
    assert found.total_minor == amount
    assert 0 <= found.open_minor <= a
    assert 0 <= found.returned_minor <= b
    assert 0 <= found.held_minor <= c
    assert not found.held_minor or (found.open_minor, found.returned_minor) == (a, b)
