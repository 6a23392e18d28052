"""Account numbers by hand: those of banks' own examples, and slips of the finger."""

from __future__ import annotations

import pytest

from app.domain.iban import compact, is_valid

GOOD = ["EE382200221020145685", "EE557700771000598731", "FI2112345600000785", "GB33BUKB20201555555555"]


@pytest.mark.parametrize("number", GOOD)
def test_a_good_number_is_good_however_it_is_written(number: str) -> None:
    spaced = " ".join(number[at : at + 4] for at in range(0, len(number), 4)).lower()
    assert compact(spaced) == number
    assert is_valid(number)


@pytest.mark.parametrize("number", GOOD)
def test_one_wrong_digit_and_two_that_changed_places_are_found(number: str) -> None:
    for at in range(2, len(number)):
        if number[at].isdigit():
            assert not is_valid(f"{number[:at]}{(int(number[at]) + 1) % 10}{number[at + 1 :]}")
    for at in range(4, len(number) - 1):
        if number[at] != number[at + 1]:
            assert not is_valid(number[:at] + number[at + 1] + number[at] + number[at + 2 :])


@pytest.mark.parametrize("number", ["", "EE38", "EE38220022102014568", "ee382200221020145685", "EE38 2200", "٣"])
def test_what_has_another_form_is_none(number: str) -> None:
    assert not is_valid(number)
