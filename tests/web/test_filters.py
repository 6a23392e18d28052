"""How amounts and moments are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from babel.dates import format_timedelta
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.web import filters, language, task_words, typed
from app.web.filters import NBSP

NOW = datetime(2026, 11, 21, 8, 41, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("app")
    made.extensions["settings"] = type("Settings", (), {"development": True})
    language.install(made)
    return made


@pytest.mark.parametrize(("lang", "mark"), [("en", "."), ("et", ","), ("ru", ",")])
def test_what_a_field_offers_and_what_is_measured_has_the_mark_of_the_language(
    app: Flask, lang: str, mark: str
) -> None:
    with app.test_request_context(f"/?lang={lang}"):
        assert filters.written(124050, "EUR") == f"1240{mark}50"
        assert typed.amount(filters.written(124050, "EUR"), "EUR") == 124050
        assert filters.decimal(Decimal("2.500").normalize()) == f"2{mark}5"
        assert task_words.file_size(1500) == f"1{mark}5 kB"


@pytest.mark.parametrize(
    ("minor", "currency", "lang", "text"),
    [
        ("123456.7800", "EUR", "et", f"1{NBSP}234,5678"),
        ("500.0000", "EUR", "en", "5.00"),
        ("0.5000", "EUR", "ru", "0,005"),
        ("1234.0000", "JPY", "en", f"1{NBSP}234"),
        ("1234.5000", "JPY", "en", f"1{NBSP}234.5"),
    ],
)
def test_a_price_has_all_its_places(app: Flask, minor: str, currency: str, lang: str, text: str) -> None:
    with app.test_request_context(f"/?lang={lang}"):
        assert filters.price(Decimal(minor), currency) == text


@pytest.mark.parametrize(
    ("minor", "currency", "lang", "text"),
    [
        (500_000, "EUR", "et", f"5{NBSP}000{NBSP}€"),
        (20_000, "EUR", "en", f"200{NBSP}€"),
        (50, "EUR", "en", f"0.50{NBSP}€"),
        (2_000, "JPY", "en", f"2{NBSP}000{NBSP}JPY"),
    ],
)
def test_a_round_amount_of_a_scale_has_no_noughts_behind_its_point(
    app: Flask, minor: int, currency: str, lang: str, text: str
) -> None:
    with app.test_request_context(f"/?lang={lang}"):
        assert filters.round_money(minor, currency) == text


@pytest.mark.parametrize(
    ("minor", "currency", "lang", "text"),
    [
        (12000, "EUR", "en", f"120.00{NBSP}€"),
        (124000, "EUR", "en", f"1{NBSP}240.00{NBSP}€"),
        (124000, "EUR", "et", f"1{NBSP}240,00{NBSP}€"),
        (124000, "EUR", "ru", f"1{NBSP}240,00{NBSP}€"),
        (-5, "EUR", "en", f"\N{MINUS SIGN}0.05{NBSP}€"),
        (0, "EUR", "en", f"0.00{NBSP}€"),
        (1500, "JPY", "en", f"1{NBSP}500{NBSP}JPY"),
        (1, "BHD", "en", f"0.001{NBSP}BHD"),
    ],
)
def test_an_amount_is_grouped_and_exact(app: Flask, minor: int, currency: str, lang: str, text: str) -> None:
    with app.test_request_context(f"/?lang={lang}"):
        assert filters.money(minor, currency) == text


@given(st.integers(-(10**18), 10**18))
def test_no_cent_is_lost_however_large(app: Flask, minor: int) -> None:
    with app.test_request_context("/"):
        digits = filters.amount(minor, "EUR").replace(NBSP, "").replace(".", "").replace("\N{MINUS SIGN}", "-")
    assert int(digits) == minor


def test_moments_are_those_of_tallinn() -> None:
    assert filters.clock(NOW) == "10:41:07"
    assert filters.day(datetime(2026, 11, 20, 22, 30, tzinfo=UTC)) == "2026-11-21"
    assert filters.day(date(2026, 12, 5)) == "2026-12-05"
    assert filters.clock(datetime(2026, 7, 1, 12, tzinfo=UTC)) == "15:00:00"


@pytest.mark.parametrize(
    ("ago", "text"), [({"minutes": 5}, "10:36"), ({"hours": 11}, "2026-11-20"), ({"days": 13}, "2026-11-08")]
)
def test_a_list_shows_the_time_of_today_and_the_date_of_other_days(ago: dict[str, float], text: str) -> None:
    assert filters.listed(NOW - timedelta(**ago), NOW) == text


def test_the_whole_moment_names_its_zone_and_age(app: Flask) -> None:
    with app.test_request_context("/"):
        assert filters.explained(NOW - timedelta(minutes=5), NOW) == "2026-11-21 10:36:07 EET (Tallinn), 5 minutes ago"
    with app.test_request_context("/?lang=et"):
        assert filters.explained(NOW - timedelta(minutes=5), NOW).endswith("5 minuti eest")


@pytest.mark.parametrize("lang", ["en", "et", "ru"])
@pytest.mark.parametrize(
    "span",
    [{"seconds": 0}, {"seconds": 50}, {"seconds": 51}, {"seconds": 119}, {"seconds": 121}, {"minutes": 50.4},
     {"hours": 2}, {"hours": 47.9}, {"hours": 48.1}, {"days": 9, "hours": 3}, {"days": 400}, {"days": 20000}],
)  # fmt: skip
def test_ages_are_as_exact_as_their_words(app: Flask, span: dict[str, float], lang: str) -> None:
    with app.test_request_context(f"/?lang={lang}"):
        for each in (timedelta(**span), -timedelta(**span)):
            assert filters.ago(each) == format_timedelta(each, add_direction=True, locale=lang)


@pytest.mark.parametrize(
    ("text", "short"), [("2144032", "2144032"), ("d" * 24, "d" * 24), ("a" * 30 + "bcdefg", "aaaaaaaaaaaa…bcdefg")]
)
def test_a_long_identifier_is_shown_by_its_ends(text: str, short: str) -> None:
    assert filters.shortened(text) == short
