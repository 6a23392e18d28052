"""Words as the search index keeps them, for rows that are copied past it (migration 0010 says the same in SQL)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SHORTEST = 3
OWN = "йЙ"  # a letter of its own and no accent, says the dictionary of unaccent


def scraps(number: int) -> list[str]:
    """Return a number and its ends of three digits or more."""
    digits = str(number)
    return [digits[place:] for place in range(max(len(digits) - SHORTEST + 1, 1))]


def plain(text: str) -> str:
    """Return small letters without accents and digits, with one space before each word."""
    return " " + " ".join(re.findall(r"[^\W_]+", "".join(map(_bare, text))))


@lru_cache(maxsize=4096)
def _bare(letter: str) -> str:
    if letter in OWN:
        return letter.lower()
    parts = unicodedata.normalize("NFKD", letter)
    return "".join(each for each in parts if not unicodedata.combining(each)).lower()
