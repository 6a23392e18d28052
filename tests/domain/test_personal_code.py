"""Personal codes of the login service's test people, and slips of the finger."""

from __future__ import annotations

import pytest

from app.domain.personal_code import is_valid

GOOD = ["60001019906", "38001085718", "47101010033", "37605030299"]


@pytest.mark.parametrize("code", GOOD)
def test_a_code_with_the_right_last_digit_can_be_somebodys(code: str) -> None:
    assert is_valid(code)
    assert [last for last in "0123456789" if is_valid(code[:-1] + last)] == [code[-1]]


@pytest.mark.parametrize("code", ["", "6000101990", "600010199060", "90001019906", "٦0001019906", "6000101990x"])
def test_what_has_another_form_is_none(code: str) -> None:
    assert not is_valid(code)
