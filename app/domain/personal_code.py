"""Estonian personal codes: whether the last digit fits the others."""

from __future__ import annotations

import re

CODE = re.compile(r"[1-8][0-9]{10}", re.ASCII)
WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 1), (3, 4, 5, 6, 7, 8, 9, 1, 2, 3))


def is_valid(code: str) -> bool:
    """Return whether this can be somebody's code: eleven digits of which the last checks the others."""
    if not CODE.fullmatch(code):
        return False
    rests = (sum(weight * int(digit) for weight, digit in zip(each, code, strict=False)) % 11 for each in WEIGHTS)
    return int(code[-1]) == next((rest for rest in rests if rest < 10), 0)  # noqa: PLR2004 - a digit
