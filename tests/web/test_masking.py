"""People and secrets are covered before a raw exchange is shown; everything else stays as it was said."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.covering import COVER, cover_text
from app.web.masking import pretty

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "secret",
    [
        "mari.maasikas+x@example.test",
        "60001019906",
        "EE60001019906",
        "EE38 2200 2210 2014 5685",
        "EE382200221020145685",
    ],
)
def test_a_person_is_not_readable_anywhere(secret: str) -> None:
    for said in (secret, json.dumps({"note": f"see {secret}."}), {"deep": [{"note": secret}]}):
        assert secret not in pretty(said)


def test_named_secrets_are_covered_at_any_depth_and_in_any_case() -> None:
    text = pretty(
        {"a": [{"HMAC": "h1", "Api_Secret": "s1"}], "token": "t1", "customer_name": "Õnne", "reg_no": 12345678}
    )
    for hidden in ("h1", "s1", "t1", "nne", "12345678"):
        assert hidden not in text
    assert f'"customer_name": "Õ{COVER}"' in text


def test_signatures_in_addresses_and_headers_are_covered() -> None:
    text = cover_text("https://pay.test/lp?order=1&hmac=abcdef&x=1 Authorization: Bearer eyJ.x.y Basic dXNlcg==")
    for hidden in ("abcdef", "eyJ.x.y", "dXNlcg"):
        assert hidden not in text
    assert "order=1" in text
    assert "x=1" in text


def test_what_says_nothing_of_people_stays_as_it_was() -> None:
    said = {"payment_reference": "7d34f9396428a4ad6a43edb476a8bfd906c9f08305ab0e0f91c5e37f6613edbf", "order": "150342"}
    assert json.loads(pretty(said)) == said


def test_amounts_keep_their_digits() -> None:
    assert '"standing_amount": 120.00' in pretty({"standing_amount": Decimal("120.00")})
    assert '"amount": 10.10' in pretty('{"amount": 10.10}')


@given(JSON)
def test_any_document_is_shown_as_a_document(value: object) -> None:
    shown = pretty(value)
    if isinstance(value, dict | list):
        json.loads(shown)


@given(st.text(max_size=60))
def test_any_text_is_shown(raw: str) -> None:
    assert isinstance(pretty(raw), str)


def test_a_document_nested_beyond_reason_is_shown_as_text() -> None:
    raw = "[" * 100_000
    assert pretty(raw) == raw


@pytest.mark.parametrize(
    "sent",
    [
        "a" * 250_000,
        "a." * 125_000,
        "A1" * 125_000,
        "EE12 " * 50_000,
        f"<{'a' * 250_000}>",
        f"<a {'b' * 250_000}>",
        "<a>" * 80_000,
        "<>" * 400_000,
        "[" * 250_000,
        f"{'[' * 900}{']' * 900}",
        '{"a":' * 600 + "1" + "}" * 600,
        f"{'[' * 400}{'1,' * 100_000}1{']' * 400}",
        f'{{"note": "{"a" * 250_000}"}}',
    ],
    ids=lambda sent: f"{sent[:6]} {len(sent)}",
)
def test_what_anybody_may_send_is_shown_in_no_time_and_no_room(sent: str) -> None:
    """The gateway's callback is everybody's door: its message may be as large and as deep as a body gets."""
    begun = time.process_time()
    shown = pretty(sent)
    assert time.process_time() - begun < 3
    assert len(shown) < 30 * len(sent)


def test_what_is_nested_too_deep_is_covered_whole() -> None:
    people = r'{"customer_name": "Mari Maasikas", "email": "mari\u0040x.ee", "api_secret": "s3cr3t"}'
    for deep in (f"{'[' * 40}{people}{']' * 40}", json.loads('{"a":' * 40 + people + "}" * 40)):
        shown = pretty(deep)
        assert COVER in shown
        assert [each for each in ("Mari", "mari", "s3cr3t") if each in shown] == []
