"""Rates of value added tax: which holds on a day, what may follow what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import vat
from app.domain.errors import Invalid
from app.domain.vat import Rate, RatesOverlap, VatCategory

S = VatCategory.STANDARD
DAY = st.dates(date(2000, 1, 1), date(2040, 1, 1))
OLD = Rate("standard", S, 2200, date(2024, 1, 1), date(2025, 6, 30))
NEW = Rate("standard", S, 2400, date(2025, 7, 1))


@pytest.mark.parametrize(
    ("day", "basis_points"),
    [
        (date(2023, 12, 31), None),
        (date(2024, 1, 1), 2200),
        (date(2025, 6, 30), 2200),
        (date(2025, 7, 1), 2400),
        (date(2099, 1, 1), 2400),
    ],
)
def test_the_rate_of_a_day_is_the_one_that_holds(day: date, basis_points: int | None) -> None:
    found = vat.on([OLD, NEW], day).get("standard")
    assert (found.basis_points if found else None) == basis_points


@given(DAY, st.none() | DAY, DAY, st.none() | DAY, DAY)
def test_rates_overlap_exactly_when_they_share_a_day(
    a: date, b: date | None, c: date, d: date | None, day: date
) -> None:
    one, other = (
        Rate("x1", S, 1, min(a, b or a), max(a, b) if b else None),
        Rate("x1", S, 2, min(c, d or c), d and max(c, d)),
    )
    if one.holds_on(day) and other.holds_on(day):
        assert one.overlaps(other)
        assert other.overlaps(one)
    later = max(one.valid_from, other.valid_from)
    assert one.overlaps(other) == (one.holds_on(later) and other.holds_on(later))


def test_a_new_rate_ends_the_open_one_the_day_before() -> None:
    follows = vat.closing([OLD, NEW], Rate("standard", S, 2500, date(2027, 1, 1)))
    assert follows == (NEW, date(2026, 12, 31))


@pytest.mark.parametrize("first", [OLD.valid_from, OLD.valid_to, NEW.valid_from, NEW.valid_from - timedelta(days=400)])
def test_a_rate_never_crosses_another(first: date) -> None:
    with pytest.raises(RatesOverlap):
        vat.closing([OLD, NEW], Rate("standard", S, 2500, first))


def test_rates_of_other_codes_and_of_free_days_are_in_nobodys_way() -> None:
    assert vat.closing([OLD, NEW], Rate("press", S, 500, date(2024, 5, 1))) is None
    assert vat.closing([OLD, NEW], Rate("standard", S, 2000, date(2009, 7, 1), date(2023, 12, 31))) is None


@pytest.mark.parametrize(("text", "basis_points"), [("24", 2400), ("5.5", 550), ("0", 0), ("13,05", 1305)])
def test_a_percentage_is_read_exactly(text: str, basis_points: int) -> None:
    assert vat.parse_percent(text) == basis_points


@pytest.mark.parametrize("text", ["", "100", "-1", "1e1", "24%", "٢٤", "5.555", "05", ".5", "nan", " 5"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        vat.parse_percent(text)


@pytest.mark.parametrize(
    ("rate", "field"),
    [
        (Rate("Standard", S, 2400, date(2027, 1, 1)), "code"),
        (Rate("standard", S, 0, date(2027, 1, 1)), "percent"),
        (Rate("exempt", VatCategory.EXEMPT, 900, date(2027, 1, 1)), "percent"),
        (Rate("standard", S, 10_000, date(2027, 1, 1)), "percent"),
        (Rate("standard", S, 2400, date(2027, 1, 1), date(2026, 1, 1)), "valid_to"),
    ],
)
def test_a_rate_that_cannot_be_names_its_field(rate: Rate, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        vat.check(rate)
    assert set(refused.value.fields) == {field}
