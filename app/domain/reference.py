"""Estonian reference numbers: the 7-3-1 check digit (eis.md 7.4, appendix A.2)."""

from __future__ import annotations

import re
from itertools import cycle

SHORTEST, LONGEST = 2, 20
USUAL_LENGTH = 7
_RUNS = re.compile(r"[0-9]+", re.ASCII)


def check_digit(base: str) -> int:
    """Return the digit that makes `base` a reference number. Raises ValueError when base is not ASCII digits."""
    if not (base.isascii() and base.isdigit()):
        raise ValueError("A reference number's base has digits only")
    total = sum(int(digit) * weight for digit, weight in zip(reversed(base), cycle((7, 3, 1)), strict=False))
    return -total % 10


def with_check_digit(base: str) -> str:
    """Return `base` with its check digit appended."""
    return f"{base}{check_digit(base)}"


def is_valid(number: str) -> bool:
    """Return whether the last digit of 2 to 20 digits is the check digit of the rest."""
    if not (number.isascii() and number.isdigit() and SHORTEST <= len(number) <= LONGEST):
        return False
    return check_digit(number[:-1]) == int(number[-1])


def candidate_in_text(text: str | None) -> str | None:
    """Return the digits in free text that may be a reference number (eis.md 8.2, A.7), or None.

    The first run of 2 to 20 digits that is seven long or passes 7-3-1; a text of digits only is taken as it is.
    """
    words = (text or "").strip()
    if words.isascii() and words.isdigit():
        return words
    runs = (run for run in _RUNS.findall(words) if SHORTEST <= len(run) <= LONGEST)
    return next((run for run in runs if len(run) == USUAL_LENGTH or is_valid(run)), None)
