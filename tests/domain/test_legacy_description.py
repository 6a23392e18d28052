"""The grammar of the old texts (eis.md 3.6): what each producer wrote, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.deposit import DepositOf
from app.domain.legacy_description import LONGEST, Members, RelatedTo, Reservation, parse


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Reserved domain names: a.ee, b.ee; User unique id: 5e03f248-6", Reservation(("a.ee", "b.ee"), "5e03f248-6")),
        ("Reserved domain names: a.ee; User unique id: 5e03f248-6", Reservation(("a.ee",), "5e03f248-6")),
        ("Reserved domain name: a.ee, Token: abc-1", Reservation(("a.ee",), "abc-1")),
        ("auction_deposit x.ee, user_uuid u-1, user_email a@b.ee", DepositOf("x.ee", "u-1", "a@b.ee")),
        ("150001 150002 150003", Members((150001, 150002, 150003))),
        ("150001", Members((150001,))),
        ("150001 150001", Members((150001,))),
        (" ".join(map(str, range(1, 202))), Members(tuple(range(1, 202)))),
        ("related to 10005", RelatedTo(10005)),
    ],
)
def test_every_producer_is_understood(text: str, meaning: object) -> None:
    assert parse(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "", "prepended", "reload balance", "free text", "150331.ee", "150331, 150332", "related to", "related to x",
        "related to 10005 and more", "Reserved domain names: ; User unique id: x", "Reserved domain names: a.ee",
        "Reserved domain names: a b; User unique id: x", "Reserved domain name: a.ee", "auction_deposit x.ee",
        "auction_deposit x.ee, user_uuid , user_email a@b.ee", "１５０", "1" * 11,
        "pays 150001 150002", "x" * (LONGEST + 1),
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_a_text(text: str) -> None:
    assert parse(text) is None


@given(st.text(max_size=300))
def test_any_text_has_a_meaning_or_none(text: str) -> None:
    assert parse(text) is None or text.strip()


NAMES = st.lists(st.from_regex(r"[a-z0-9-]{1,20}\.ee", fullmatch=True), min_size=1, max_size=5)


@given(NAMES, st.from_regex(r"[0-9a-f-]{10}", fullmatch=True))
def test_a_reservation_is_read_back(names: list[str], holder: str) -> None:
    text = f"Reserved domain names: {', '.join(names)}; User unique id: {holder}"
    assert parse(text) == Reservation(tuple(names), holder)
