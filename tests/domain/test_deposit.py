"""The grammar of a deposit's description (eis.md 3.6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.deposit import DepositOf, parse
from app.domain.errors import Invalid

WORD = st.text(st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"], exclude_characters=","), min_size=1)
WORDS = WORD.filter(lambda word: not any(each.isspace() for each in word)).map(lambda word: word[:100])


@given(domain=WORDS, user=WORDS, email=WORDS)
def test_what_is_written_is_read(domain: str, user: str, email: str) -> None:
    deposit = DepositOf(domain, user, email)
    assert parse(str(deposit)) == deposit
    assert parse(f"auction_deposit {domain},user_uuid {user},user_email {email}") == deposit


@given(text=st.text() | st.from_regex(r"auction_deposit .*, user_uuid .*, user_email .*"))
def test_any_other_text_is_refused_or_read_whole(text: str) -> None:
    try:
        found = parse(text)
    except Invalid:
        return
    assert str(found).replace(" ", "") == text.strip().replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "auction_deposit a.ee",
        "auction_deposit a.ee, user_uuid u",
        "auction_deposit , user_uuid u, user_email m",
        "deposit a.ee, user_uuid u, user_email m",
        "auction_deposit a.ee, user_uuid u, user_email m, and more",
        "auction_deposit a.ee b.ee, user_uuid u, user_email m",
        "150331 150332",
        "prepended",
    ],
)
def test_half_a_deposit_is_none(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert set(refused.value.fields) == {"description"}
