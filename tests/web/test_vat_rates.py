"""Rates of value added tax: added and ended in the portal, never two on one day, never behind an issued invoice."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from app.queries import vat_rates

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

HOSTILE = '"><script>alert(1)</script>'
AHEAD = datetime.now(UTC).date() + timedelta(days=400)
FORM = {"code": "book_rate", "percent": "5", "category": "S", "valid_from": "2022-01-01", "reason": "a law changed"}


def rows(portal: Portal, code: str) -> list[tuple[int, date, date | None]]:
    found = portal.system.rows(
        "select basis_points, valid_from, valid_to from vat_rate where code = :code order by valid_from", code=code
    )
    return [tuple(row) for row in found]


def test_estonia_has_its_history_and_the_day_decides(mary: Browser) -> None:
    page = mary.page("/vat_rates")
    assert "24" in page.text("th")
    assert "2024-01-01" in page.text("td")
    with mary.portal.system.app.app_context():
        held = [
            vat_rates.on(day)["standard"].basis_points
            for day in (date(2023, 12, 31), date(2024, 1, 1), date(2025, 7, 1))
        ]
        assert held == [2000, 2200, 2400]
        assert vat_rates.on(date(2025, 1, 1))["accommodation"].basis_points == 1300
        assert vat_rates.on(date(2024, 12, 31))["press"].basis_points == 500


def test_a_new_rate_follows_the_open_one_and_the_history_says_who_and_why(mary: Browser) -> None:
    portal = mary.portal
    assert mary.post("/vat_rates", FORM).status_code == 303
    assert mary.post("/vat_rates", FORM | {"percent": "7,5", "valid_from": AHEAD.isoformat()}).status_code == 303
    assert rows(portal, "book_rate") == [(500, date(2022, 1, 1), AHEAD - timedelta(days=1)), (750, AHEAD, None)]
    assert f"ends on {AHEAD - timedelta(days=1)}" in mary.get("/vat_rates").text
    told = portal.system.rows(
        "select kind, reason, actor_kind from event where data ->> 'code' = 'book_rate' order by id"
    )
    assert [tuple(row) for row in told] == [
        ("vat_rate.added", "a law changed", "operator"),
        ("vat_rate.ended", "a law changed", "operator"),
        ("vat_rate.added", "a law changed", "operator"),
    ]


def test_a_rate_is_put_right_until_it_begins_and_keeps_its_days(mary: Browser) -> None:
    portal, first = mary.portal, date(2022, 1, 1)
    slip = FORM | {"code": "slip", "percent": "52", "valid_from": AHEAD.isoformat()}
    after = AHEAD + timedelta(days=30)
    for each in (FORM | {"code": "slip"}, slip, slip | {"percent": "6", "valid_from": after.isoformat()}):
        assert mary.post("/vat_rates", each).status_code == 303
    link = f"/vat_rates/new?code=slip&valid_from={AHEAD}"
    assert link in mary.page("/vat_rates").links()
    assert f'value="{AHEAD}"' in mary.get(link).text
    assert mary.post("/vat_rates", slip | {"percent": "25", "reason": "a slip of the finger"}).status_code == 303
    assert rows(portal, "slip") == [
        (500, first, AHEAD - timedelta(days=1)),
        (2500, AHEAD, after - timedelta(days=1)),
        (600, after, None),
    ]
    page = mary.get("/vat_rates").text
    assert "VAT rate put right" in page
    assert "a slip of the finger" in page
    assert re.search(r"52\s?% before, 25\s?% now", page)
    assert mary.post("/vat_rates", FORM | {"code": "slip", "percent": "9"}).status_code == 409  # that one has begun


def test_what_replaces_a_rate_is_offered_as_of_its_kind(mary: Browser) -> None:
    assert 'value="E" checked' in mary.get("/vat_rates/new?code=exempt").text


def test_a_rate_ends_today_or_later_and_only_once(mary: Browser) -> None:
    mary.post("/vat_rates", FORM | {"code": "toll"})
    rate = mary.portal.system.scalar("select id from vat_rate where code = 'toll'")
    assert "End the rate" in mary.page(f"/vat_rates/{rate}/endings/new").text("h2")
    path = f"/vat_rates/{rate}/endings"
    assert mary.post(path, {"valid_to": "2024-01-01", "reason": "late"}).status_code == 422
    assert mary.post(path, {"valid_to": AHEAD.isoformat(), "reason": "over"}).status_code == 303
    assert rows(mary.portal, "toll") == [(500, date(2022, 1, 1), AHEAD)]
    again = mary.post(path, {"valid_to": AHEAD.isoformat(), "reason": "over"})
    assert (again.status_code, "has its last day already" in again.text) == (409, True)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"code": HOSTILE}, "code"),
        ({"code": ""}, "code"),
        ({"percent": "100"}, "percent"),
        ({"percent": "1e1"}, "percent"),
        ({"percent": "0"}, "percent"),
        ({"category": "E"}, "percent"),
        ({"category": "X"}, "category"),
        ({"valid_from": "31.12.2027"}, "valid_from"),
        ({"valid_from": "0001-01-01"}, "valid_from"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 5000}, "reason"),
        ({"reason": "\x00 \u200b x"}, "reason"),
        ({"code": "standard", "valid_from": "2026-01-01"}, "valid_from"),
    ],
)
def test_what_cannot_be_names_its_field_and_is_shown_again(mary: Browser, more: dict[str, str], field: str) -> None:
    answer = mary.post("/vat_rates", FORM | {"code": "never"} | more)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "<script>alert" not in answer.text
    assert not rows(mary.portal, "never")


def test_a_rate_in_the_middle_of_another_is_refused_in_words(mary: Browser) -> None:
    answer = mary.post("/vat_rates", FORM | {"code": "standard", "valid_from": "2024-05-01"})
    assert answer.status_code == 409
    assert "holds from 2024-01-01 to 2025-06-30" in answer.text


def test_the_database_keeps_two_rates_from_one_day_and_every_rate_from_being_deleted(portal: Portal) -> None:
    twice = (
        "insert into vat_rate (code, category, basis_points, valid_from) values ('standard', 'S', 100, '2024-05-01')"
    )
    with pytest.raises(IntegrityError):
        portal.system.sql(twice)
    with pytest.raises(IntegrityError):
        portal.system.sql("delete from vat_rate")
