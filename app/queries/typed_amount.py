"""An amount in what somebody typed, alone or beside words; a bare number is none for sure."""

from __future__ import annotations

import re
from typing import NamedTuple

# An amount as people type it or copy it from a page: two decimals or a currency say that it is one; thousands stand
# together or apart.
AMOUNT = re.compile(r"(€|EUR)?\s*([0-9]{1,3}(?:[\s.,']?[0-9]{3}){0,3})([.,][0-9]{2})?\s*(€|EUR)?", re.IGNORECASE)
WHOLE = re.compile(r"[1-9][0-9]{0,1}\s?[0-9]{3}|[1-9][0-9]{0,2}", re.ASCII)
# An amount behind or before words, which have a letter.
BEHIND = re.compile(rf"(?P<words>.*?\S)\s+(?P<amount>{AMOUNT.pattern})", re.IGNORECASE)
BEFORE = re.compile(rf"(?P<amount>{AMOUNT.pattern})\s+(?P<words>\S.*)", re.IGNORECASE)


class Both(NamedTuple):
    """Words and the amount beside them, in minor units; a bare number may be a part of the words instead."""

    words: str
    minor: int
    is_sure: bool


def amount_of(text: str) -> int | None:
    """Return the minor units that were typed, or None when it was no amount."""
    said = AMOUNT.fullmatch(text.strip())
    if said is None or not any(said.group(1, 3, 4)):
        return None
    return int(re.sub(r"[^0-9]", "", said[2] + (said[3] or ".00")))


def both_of(text: str) -> Both | None:
    """Return the words and the amount beside them; None where there are not both."""
    for shape in (BEHIND, BEFORE):
        said = shape.fullmatch(text.strip())
        if said is None or not any(letter.isalpha() for letter in said["words"]):
            continue
        sure, perhaps = amount_of(said["amount"]), whole_amount_of(said["amount"])
        minor = sure if sure is not None else perhaps
        if minor is not None:
            return Both(said["words"], minor, sure is not None)
    return None


def says_amount(text: str) -> bool:
    """Return whether an amount is asked for, or may be, alone or beside words."""
    return amount_of(text) is not None or both_of(text) is not None


def whole_amount_of(text: str) -> int | None:
    """Return the minor units of digits that could be an amount without its cents, or None; they are asked for apart.

    Six digits and more are the number of an invoice.
    """
    said = WHOLE.fullmatch(text.strip())
    return int(re.sub(r"\s", "", text)) * 100 if said else None
